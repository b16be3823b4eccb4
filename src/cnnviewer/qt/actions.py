"""The window's actions: one table of names, keys and icons, from which menus and the help are made."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACTIONS", "OTHER_KEYS", "ActionInfo"]


@dataclass(frozen=True)
class ActionInfo:
    """An action: its name in the code, its text, its keys and its group in the help."""

    name: str
    text: str
    keys: tuple[str, ...]
    group: str


ACTIONS = (
    ActionInfo("open_files", "Open image…", ("Ctrl+O",), "Images"),
    ActionInfo("paste", "Paste image", ("Ctrl+V",), "Images"),
    ActionInfo("next_image", "Next image", ("E",), "Images"),
    ActionInfo("previous_image", "Previous image", ("W",), "Images"),
    ActionInfo("previous_layer", "Previous layer", ("U",), "Layers"),
    ActionInfo("next_layer", "Next layer", ("O",), "Layers"),
    ActionInfo("find", "Find a layer", ("Ctrl+F",), "Layers"),
    ActionInfo("zoom", "Zoom to the unit, or show the whole map", ("Z",), "Chosen map"),
    ActionInfo("large_view", "Large view", ("Space",), "Chosen map"),
    ActionInfo("training", "Train a network", ("Ctrl+T",), "Training"),
    ActionInfo("pause_training", "Pause the training, or go on", ("Ctrl+P",), "Training"),
    ActionInfo("step_training", "Take one step", ("Ctrl+.",), "Training"),
    ActionInfo("full_screen", "Full screen", ("F11",), "Window"),
    ActionInfo("toggle_theme", "Light or dark", ("Ctrl+D",), "Window"),
    ActionInfo("help", "Keys and help", ("?", "F1"), "Window"),
    ActionInfo("step_back", "A step back", ("Esc",), "Window"),
)
"""All actions, in the order in which the help shows them."""

OTHER_KEYS = (
    ("Chosen map", "Move to a neighbouring map", "← → ↑ ↓"),
    ("Chosen map", "Zoom in, zoom out, show all", "+ − 0, or the wheel"),
    ("Window", "Reach every control", "Tab"),
)
"""Keys that a widget handles itself, for the help: group, text, keys."""
