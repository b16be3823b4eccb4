"""The one way in which transparent images become opaque: over white."""

from __future__ import annotations

from PIL import Image

__all__ = ["over_white", "straight"]


def straight(image: Image.Image) -> Image.Image:
    """Return an image with transparency as plain "LA" or "RGBA": colours not premultiplied, no palette, no key."""
    if image.mode in ("La", "RGBa"):
        # PIL converts premultiplied colours to their own plain mode only.
        return image.convert(image.mode.upper())
    return image.convert("LA" if image.mode in ("1", "L", "LA") else "RGBA")


def over_white(image: Image.Image) -> Image.Image:
    """Return an image of mode "LA" or "RGBA" over white, of mode "L" or "RGB"."""
    colors = image.convert("RGBA")
    white = Image.new("RGBA", colors.size, "white")
    return Image.alpha_composite(white, colors).convert("L" if image.mode == "LA" else "RGB")
