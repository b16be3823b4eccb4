"""The window's actions: one table of names, keys and icons, from which menus and the help are made."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACTIONS", "OTHER_KEYS", "ActionInfo"]


@dataclass(frozen=True)
class ActionInfo:
    """An action: its name in the code, its text, its keys, its icon and the group in the help."""

    name: str
    text: str
    keys: tuple[str, ...]
    icon: str
    group: str


ACTIONS = (
    ActionInfo("open_files", "Open image…", ("Ctrl+O",), "folder-open", "Images"),
    ActionInfo("paste", "Paste image", ("Ctrl+V",), "clipboard-paste", "Images"),
    ActionInfo("next_image", "Next image", ("E",), "chevron-right", "Images"),
    ActionInfo("previous_image", "Previous image", ("W",), "chevron-left", "Images"),
    ActionInfo("previous_layer", "Previous layer", ("U",), "chevron-up", "Layers"),
    ActionInfo("next_layer", "Next layer", ("O",), "chevron-down", "Layers"),
    ActionInfo("find", "Find a layer", ("Ctrl+F",), "search", "Layers"),
    ActionInfo("zoom", "Zoom to the unit, or show the whole map", ("Z",), "zoom-in", "Chosen map"),
    ActionInfo("large_view", "Large view", ("Space",), "maximize-2", "Chosen map"),
    ActionInfo("full_screen", "Full screen", ("F11",), "maximize", "Window"),
    ActionInfo("toggle_theme", "Light or dark", ("Ctrl+D",), "sun-moon", "Window"),
    ActionInfo("help", "Keys and help", ("?", "F1"), "circle-help", "Window"),
    ActionInfo("step_back", "A step back", ("Esc",), "x", "Window"),
)
"""All actions, in the order in which the help shows them."""

OTHER_KEYS = (
    ("Chosen map", "Move to a neighbouring map", "← → ↑ ↓"),
    ("Chosen map", "Zoom in, zoom out, show all", "+ − 0, or the wheel"),
    ("Window", "Reach every control", "Tab"),
)
"""Keys that a widget handles itself, for the help: group, text, keys."""
