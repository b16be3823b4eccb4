"""What is told of a box and of a frame of a graph, where the mouse rests on it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cnnviewer.qt.widgets.numbers import count_text, shape_text
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from cnnviewer.graphs import GraphBox, GraphFrame, GraphPicture

__all__ = ["box_tip", "frame_tip"]

_MOST_NAMES = 3


def box_tip(picture: GraphPicture, place: int) -> str:
    """Return a box's name, kind, settings, shapes, parameters, and what it takes and feeds, as rich text."""
    box = picture.boxes[place]
    before = [picture.boxes[edge.source] for edge in picture.edges if edge.target == place]
    after = [picture.boxes[edge.target] for edge in picture.edges if edge.source == place]
    lines = [f"<b>{escape(_path(box))}</b>", escape(_what(box))]
    shapes = " + ".join(shape_text(other.shape) for other in before[:_MOST_NAMES]) + _more(before)
    lines.append(f"{shapes} → {shape_text(box.shape)}" if before else shape_text(box.shape))
    if box.parameters:
        lines.append(f"{count_text(box.parameters)} parameters")
    if before:
        lines.append(f"takes {escape(_names(before))}")
    if after:
        lines.append(f"feeds {escape(_names(after))}")
    return "<p style='white-space: pre'>" + "<br>".join(lines) + "</p>"


def frame_tip(frame: GraphFrame) -> str:
    """Return an unfolded module's path, and how it is folded."""
    return literal(f"{frame.module} · {frame.layers} layers\nFold it: double click, or the minus")


def _path(box: GraphBox) -> str:
    return box.module or (box.members[0] if box.members else box.name)


def _what(box: GraphBox) -> str:
    if box.is_folded:
        return f"{box.settings}: " + ", ".join(f"{count} {kind}" for kind, count in box.kinds)
    return box.settings if box.kind == "input" else f"{box.kind}: {box.settings}"


def _names(boxes: list[GraphBox]) -> str:
    return ", ".join(_path(box) for box in boxes[:_MOST_NAMES]) + _more(boxes)


def _more(boxes: list[GraphBox]) -> str:
    left = len(boxes) - _MOST_NAMES
    return f" and {left} more" if left > 0 else ""
