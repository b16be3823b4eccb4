"""Numbers as people read them."""

from __future__ import annotations

from math import isfinite

from cnnviewer.names import isolated

__all__ = [
    "count_text",
    "exact_text",
    "hundredths_text",
    "percent_text",
    "probability_text",
    "shape_text",
    "short_text",
    "signed_text",
    "unit_text",
    "value_text",
]


def value_text(value: float) -> str:
    """Return a value with three or four digits: ``3.27``, ``−0.004``, ``1.2e+05``, ``NaN``."""
    if not isfinite(value):
        return "NaN" if value != value else ("∞" if value > 0 else "−∞")
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e5 or size < 1e-3:
        return f"{value:.1e}".replace("-", "−", 1) if value < 0 else f"{value:.1e}"
    text = f"{value:.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else f"{value:.3g}"
    return text.replace("-", "−")


def short_text(value: float) -> str:
    """Return a value with two digits, for small cells: ``3.3``, ``−.004``."""
    if not isfinite(value) or value == 0 or abs(value) >= 1000:
        return value_text(value)
    text = f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"
    if "e" in text:
        return "0" if abs(value) < 1e-3 else value_text(value)
    return _without_zero(text)


def hundredths_text(value: float) -> str:
    """Return a value to two places, for cells smaller still: ``3.3``, ``−.04``, ``0`` for what is less."""
    if not isfinite(value) or abs(value) >= 1:
        return short_text(value)
    text = f"{value:.2f}"
    return "0" if float(text) == 0 else _without_zero(text)


def _without_zero(text: str) -> str:
    """Return a number's text without the zero before the point, and with a real minus."""
    return text.replace("-", "−").replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text.replace("-", "−")


def exact_text(value: float) -> str:
    """Return a value with as many digits as float32 has: ``1.039208``."""
    return f"{value:.7g}".replace("-", "−") if isfinite(value) else value_text(value)


def signed_text(value: float) -> str:
    """Return a value with its sign: ``+1.25``."""
    text = value_text(value)
    return text if text.startswith("−") or value != value else f"+{text}"


def unit_text(unit: tuple[int, ...], category: str = "") -> str:
    """Return a unit's index: ``(8, 5, 5)``, ``unit 3`` of a vector; of a class's score ``tabby (unit 281)``."""
    index = f"unit {unit[0]}" if len(unit) == 1 else f"({', '.join(map(str, unit))})"
    return f"{isolated(category)} ({index.strip('()')})" if category else index


def count_text(count: int) -> str:
    """Return a count: ``864``, ``4.65 M``, ``15.5 G``, ``124 T``."""
    for unit, size in (("T", 10**12), ("G", 10**9), ("M", 10**6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:,}"


def percent_text(share: float, *, digits: int = 1) -> str:
    """Return a share: ``12.5 %``, ``NaN``."""
    if share != share:
        return "NaN"
    return f"{100 * share:.{digits}f} %"


def probability_text(value: float) -> str:
    """Return a probability: ``12.5 %``, ``< 0.1 %``, ``NaN``."""
    return "< 0.1 %" if value < 0.0005 else percent_text(value)


def shape_text(shape: tuple[int, ...]) -> str:
    """Return ``32×112×112``."""
    return "×".join(map(str, shape)) or "1"
