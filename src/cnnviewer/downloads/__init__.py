"""Getting files from the net: with progress, a way to stop, and nothing half-written left behind.

=====================  ======================================================
`downloads.progress`   what is told of a long job, 20 times a second
`downloads.streams`    the bytes of an address
`downloads.files`      an address's bytes as a file, checked
=====================  ======================================================
"""

from __future__ import annotations

from cnnviewer.downloads.progress import ProgressCallback

__all__ = ["ProgressCallback"]
