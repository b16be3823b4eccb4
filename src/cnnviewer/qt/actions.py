"""The window's actions: one table of names, keys and icons, from which menus and the help are made."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACTIONS", "LIVE", "OTHER_KEYS", "ActionInfo"]


@dataclass(frozen=True)
class ActionInfo:
    """An action: its name in the code, its text, its keys and its group in the help."""

    name: str
    text: str
    keys: tuple[str, ...]
    group: str


LIVE = "Live"
"""The group of what a stream needs: `LiveCommands` has a method of each one's name."""

ACTIONS = (
    ActionInfo("open_files", "Open…", ("Ctrl+O",), "Images"),
    ActionInfo("paste", "Paste", ("Ctrl+V",), "Images"),
    ActionInfo("next_image", "Next image", ("E",), "Images"),
    ActionInfo("previous_image", "Previous image", ("W",), "Images"),
    ActionInfo("catalogue", "All networks…", ("Ctrl+Shift+N",), "Networks"),
    ActionInfo("open_network_file", "Network file…", ("Ctrl+Shift+F",), "Networks"),
    ActionInfo("edit_card", "Card of this network…", ("Ctrl+Shift+I",), "Networks"),
    ActionInfo("previous_layer", "Previous layer", ("U",), "Layers"),
    ActionInfo("next_layer", "Next layer", ("O",), "Layers"),
    ActionInfo("find", "Find a layer", ("Ctrl+F",), "Layers"),
    ActionInfo("graph", "The network as a graph", ("Ctrl+G",), "Layers"),
    ActionInfo("zoom", "Zoom to the unit, or show the whole map", ("Z",), "Chosen map"),
    ActionInfo("large_view", "Large view", ("Space",), "Chosen map"),
    ActionInfo("learn", "Learn: a tour to play with", ("Ctrl+Shift+L",), "Learn"),
    ActionInfo("explain", "Where the chosen unit comes from", ("X",), "Chosen map"),
    ActionInfo("training", "Train a network", ("Ctrl+T",), "Training"),
    ActionInfo("pause_training", "Pause the training, or go on", ("Ctrl+P",), "Training"),
    ActionInfo("step_training", "Take one step", ("Ctrl+.",), "Training"),
    ActionInfo("camera", "Camera", ("Ctrl+Shift+C",), LIVE),
    ActionInfo("open_video", "Video file…", ("Ctrl+Shift+O",), LIVE),
    ActionInfo("screen", "Region of the screen…", ("Ctrl+Shift+R",), LIVE),
    ActionInfo("pad", "Drawing pad", ("Ctrl+Shift+D",), LIVE),
    ActionInfo("freeze", "Freeze the frame, or go on", ("F",), LIVE),
    ActionInfo("play", "Play or pause the video", ("K",), LIVE),
    ActionInfo("frame_back", "One frame back", (",",), LIVE),
    ActionInfo("frame_on", "One frame on", (".",), LIVE),
    ActionInfo("save_frame", "Save this frame as PNG…", ("Ctrl+S",), LIVE),
    ActionInfo("record_input", "Record the input as a video…", (), LIVE),
    ActionInfo("record_window", "Record the window as a video…", (), LIVE),
    ActionInfo("record_frames", "Record the frames as PNG files…", (), LIVE),
    ActionInfo("stop_recording", "End the recording", ("Ctrl+Shift+E",), LIVE),
    ActionInfo("live_panel", "Show or hide the live panel", ("Ctrl+L",), LIVE),
    ActionInfo("full_screen", "Full screen", ("F11",), "Window"),
    ActionInfo("toggle_theme", "Light or dark", ("Ctrl+D",), "Window"),
    ActionInfo("close_window", "Close the window, or the dialog before it", ("Ctrl+W",), "Window"),
    ActionInfo("quit", "Quit", ("Ctrl+Q",), "Window"),
    ActionInfo("help", "Keys and help", ("?", "F1"), "Window"),
    ActionInfo("step_back", "A step back", ("Esc",), "Window"),
)
"""All actions, in the order in which the help shows them."""

OTHER_KEYS = (
    ("Chosen map", "Move to a neighbouring map", "← → ↑ ↓ on a card"),
    ("Chosen map", "Move to a neighbouring unit", "← → ↑ ↓ in the inspector"),
    ("Chosen map", "Zoom in, zoom out, show all", "+ − 0, or the wheel"),
    ("Chosen map", "Mark a number or a row, and go to its unit", "← → ↑ ↓ and Enter in the explanation"),
    ("Layers", "Go to the layer that is found, to the next; into the list", "Enter; ↓ in the search"),
    ("Layers", "Move the graph; zoom it; show all of it", "← → ↑ ↓; + −; 0 in the graph"),
    ("Layers", "Go to the box beside", "Shift+← → ↑ ↓ in the graph"),
    ("Layers", "Unfold the module, or fold the one around the layer", "Enter in the graph"),
    ("Learn", "Choose a number", "← → ↑ ↓"),
    ("Learn", "Change it", "type, Page Up, Page Down, Space"),
    ("Layers", "Tell what a layer's kind of operation does", "Space on the badge of its card"),
    ("Window", "Reach every control", "Tab"),
)
"""Keys that a widget handles itself, for the help: group, text, keys."""
