"""Where the files lie that the program ships: icons, sample images, trained networks."""

from __future__ import annotations

from pathlib import Path

from cnnviewer.errors import CnnviewerError

__all__ = ["resource"]

_PACKAGE = Path(__file__).resolve().parent
# A wheel carries the folder inside the package; an editable install reads it beside src/.
_FOLDERS = (_PACKAGE / "resources", _PACKAGE.parents[1] / "resources")


def resource(*parts: str) -> Path:
    """Return the path of a shipped file or folder.

    Parameters
    ----------
    *parts
        Path components below ``resources/``, for example ``resource("samples", "chelsea.png")``.

    Raises
    ------
    CnnviewerError
        If the installation lacks it.
    """
    for folder in _FOLDERS:
        path = folder.joinpath(*parts)
        if path.exists():
            return path
    raise CnnviewerError(f"The installation of cnnviewer lacks the file {'/'.join(parts)}; install it again.")
