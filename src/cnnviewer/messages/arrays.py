"""The arrays in answers: for type checkers alone, as numpy is not imported before it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint32]
    Values = NDArray[np.float32]
