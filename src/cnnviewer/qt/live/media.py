"""Qt's multimedia, which needs libraries of the system that may be missing."""

from __future__ import annotations

from functools import cache

from cnnviewer.errors import StreamError

__all__ = ["camera_names", "check_media", "missing_library"]


@cache
def missing_library() -> str:
    """Return what the dynamic linker says is missing; empty where nothing is."""
    try:
        import PySide6.QtMultimedia  # noqa: F401
    except ImportError as error:
        return str(error)
    return ""


def check_media() -> None:
    """Raise where cameras, videos and recordings can't work here.

    Raises
    ------
    StreamError
        If a system library that QtMultimedia needs is missing.
    """
    missing = missing_library()
    if missing:
        library = missing.split(":")[0]
        raise StreamError(
            f"Cameras, videos and recordings need the system library {library}, which is missing; install it "
            "(on Debian: apt install libpulse0 libxrandr2) and start again. Photos and the drawing pad work without."
        )


def camera_names() -> dict[bytes, str]:
    """Return what the cameras of this machine are called, by their ids, the usual one first."""
    if missing_library():
        return {}
    from cnnviewer.qt.live.camera import devices

    return {bytes(device.id().data()): device.description() for device in devices()}
