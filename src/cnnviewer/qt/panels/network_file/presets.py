"""Ready values as the values of a card's JSON, and which ready values those are; Qt is not known here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviewer.networks.files.presets import presets_for

if TYPE_CHECKING:
    from cnnviewer.networks.files.presets import Preset

__all__ = ["preset_of", "preset_values"]


def preset_values(preset: Preset, order: str) -> dict[str, Any]:
    """Return range, order, mean and deviation of ready values, one number a letter or one for all.

    Parameters
    ----------
    preset
        Ready values.
    order
        The order of the channels until now; it stays where the numbers are the same for all colours.
    """
    return {
        "range": preset.white,
        "order": order if _is_of_any_order(preset) else preset.order,
        "mean": list(preset.mean),
        "deviation": list(preset.deviation),
    }


def preset_of(stored: dict[str, Any]) -> Preset | None:
    """Return the ready values that a card's JSON has; None where it has others."""
    channels = stored["channels"]
    for preset in presets_for(channels):
        values = preset_values(preset, stored["order"])
        if all(_spread(value, channels) == _spread(stored[key], channels) for key, value in values.items()):
            return preset
    return None


def _is_of_any_order(preset: Preset) -> bool:
    return preset.order != "L" and len(preset.mean) == len(preset.deviation) == 1


def _spread(value: Any, channels: int) -> Any:
    """Return a number a channel: they begin again where there are fewer."""
    if not isinstance(value, list):
        return value
    return [value[channel % len(value)] for channel in range(channels)] if value else []
