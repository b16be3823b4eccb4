"""The one family of errors that cnnviewer raises on purpose.

Each message is a sentence that a user can act on. The command line prints it and exits with 2; the window
shows it and keeps what it had.
"""

from __future__ import annotations

__all__ = [
    "Cancelled",
    "CnnviewerError",
    "DatasetError",
    "DeviceError",
    "ImageError",
    "NetworkError",
    "RecordingError",
    "StreamError",
    "TrainingError",
    "WeightsError",
]


class CnnviewerError(Exception):
    """Something that a user can mend, told in a sentence."""


class ImageError(CnnviewerError):
    """An image that can't be read, or can't be given to a network."""


class NetworkError(CnnviewerError):
    """A network that is not known, or can't be built."""


class DeviceError(CnnviewerError):
    """A device that this machine does not have, or that can't do what is asked of it."""


class WeightsError(NetworkError):
    """Weights that can't be had: no connection, a damaged file, the wrong shape."""


class DatasetError(CnnviewerError):
    """Data to learn from that can't be read."""


class RecordingError(CnnviewerError):
    """A forward pass that can't be recorded, or a layer that a recording does not have."""


class StreamError(CnnviewerError):
    """A camera, a video or a screen that gives no frames, or a recording that can't be written."""


class TrainingError(CnnviewerError):
    """A training that can't begin or go on; what it had learnt is kept."""


class Cancelled(CnnviewerError):
    """A long job that the user stopped."""
