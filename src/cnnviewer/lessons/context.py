"""What lessons need to know of the window: the photo that is shown, the network that is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from cnnviewer.images import as_image
from cnnviewer.inputs.samples import list_samples

if TYPE_CHECKING:
    from cnnviewer.network import Network

__all__ = ["LessonContext"]

_SAMPLE = "chelsea"


@dataclass(frozen=True)
class LessonContext:
    """The photo that is shown, of mode "L" or "RGB", and the network that is open; None where there is none."""

    photo: Image.Image | None = None
    network: Network | None = None

    def small_photo(self, longest: int) -> Image.Image:
        """Return the photo that is shown, or a sample, in colour, its longer side `longest` pixels long at most."""
        photo = self.photo
        if photo is None:
            photo = as_image(next(sample.path for sample in list_samples() if sample.name == _SAMPLE))
        share = min(1.0, longest / max(photo.size))
        width, height = (max(1, round(side * share)) for side in photo.size)
        return photo.resize((width, height), Image.Resampling.BOX, reducing_gap=4.0).convert("RGB")
