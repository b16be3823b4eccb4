"""Reading images: whatever comes, a photo, or a sentence that says why not.

======================  =====================================================================
`images.opening`        what others call: an image of any sort -> a `Photo`
`images.decoding`       the content of a file -> numbers, or an image of PIL's
`images.arrays`         NumPy's files
`images.png`, `.tiff`   what PIL leaves out of these
`images.numbers`        numbers of any type and channels -> a `Photo`
`images.ranges`         which numbers are black and white
`images.flattening`     transparent -> over white
`images.raw`            raw photos of cameras, which are told by name
======================  =====================================================================
"""

from __future__ import annotations

from cnnviewer.images.flattening import over_white
from cnnviewer.images.limits import LARGEST
from cnnviewer.images.opening import (
    ImageLike,
    as_image,
    as_photo,
    decode_image,
    decode_photo,
    decode_picture,
    from_packed,
    of_pixels,
    read_image,
    to_packed,
)
from cnnviewer.images.photo import Photo

__all__ = [
    "LARGEST",
    "ImageLike",
    "Photo",
    "as_image",
    "as_photo",
    "decode_image",
    "decode_photo",
    "decode_picture",
    "from_packed",
    "of_pixels",
    "over_white",
    "read_image",
    "to_packed",
]
