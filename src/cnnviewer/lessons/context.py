"""What lessons need to know of the window: the photo that is shown, the network that is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from cnnviewer.images import as_image
from cnnviewer.inputs.samples import list_samples

if TYPE_CHECKING:
    from cnnviewer.network import Network
    from cnnviewer.recording import Recording

__all__ = ["LessonContext"]

_SAMPLE = "chelsea"


@dataclass(frozen=True)
class LessonContext:
    """The photo that is shown, of mode "L" or "RGB", the network that is open, and its recording of the photo.

    Each is None where there is none; of a frame the recording has only the layers that were looked at.
    """

    photo: Image.Image | None = None
    network: Network | None = None
    recording: Recording | None = None

    def small_photo(self, longest: int) -> Image.Image:
        """Return the photo that is shown, or a sample, in colour, its longer side `longest` pixels long at most."""
        photo = self.photo
        if photo is None:
            photo = as_image(next(sample.path for sample in list_samples() if sample.name == _SAMPLE))
        share = min(1.0, longest / max(photo.size))
        width, height = (max(1, round(side * share)) for side in photo.size)
        return photo.resize((width, height), Image.Resampling.BOX, reducing_gap=4.0).convert("RGB")
