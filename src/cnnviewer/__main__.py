"""``python -m cnnviewer``."""

import sys

from cnnviewer.cli import main

sys.exit(main())
