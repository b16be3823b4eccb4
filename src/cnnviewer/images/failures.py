"""What is told of an image that can't be read."""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image

from cnnviewer.errors import ImageError
from cnnviewer.images.limits import LARGEST, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["told"]


@contextmanager
def told(name: str) -> Iterator[None]:
    """Turn whatever decoders raise into a sentence, and drop PIL's warnings (of large images, of odd metadata)."""
    try:
        with warnings.catch_warnings():
            # Filters belong to the process, not to the thread: a narrow one can do no harm in others.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        # PIL tells the size in its message only.
        found = re.search(r"\d+", str(error))
        raise too_large(name, int(found[0]) if found else LARGEST) from error
    except MemoryError as error:
        raise ImageError(f"{name} needs more memory than there is; make it smaller first.") from error
    except OSError as error:
        # PIL raises OSErrors too, without a number.
        raise ImageError(_unreadable(name, error) if error.errno else _damaged(name, error)) from error
    except Exception as error:
        # Decoders raise SyntaxError, ValueError, struct.error, IndexError and others on damage.
        raise ImageError(_damaged(name, error)) from error


def _unreadable(name: str, error: OSError) -> str:
    return f"{name} can't be read: {error.strerror or error}."


def _damaged(name: str, error: Exception) -> str:
    if re.search("truncated|failed to read all data|EOF|end of file", str(error), re.IGNORECASE):
        return f"{name} ends too early; copy or download it again."
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return f"{name} is damaged, or of a kind that can't be read: {reason}."
