"""A network as a graph of boxes: to zoom and pan, to point at, to fold and unfold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from cnnviewer.graphs import Direction
from cnnviewer.qt.widgets.arrow_keys import ACROSS_DOWN
from cnnviewer.qt.widgets.graph_canvas import GraphCanvas
from cnnviewer.qt.widgets.graph_items import GraphItems, button_rect
from cnnviewer.qt.widgets.graph_marks import GraphMarks
from cnnviewer.qt.widgets.graph_painter import GraphPainter
from cnnviewer.qt.widgets.graph_words import box_tip, frame_tip

if TYPE_CHECKING:
    from cnnviewer.graphs import GraphBox, GraphFrame, GraphPicture

__all__ = ["GraphView"]

_PAN = 60.0
_NOTCH = 1.2
_READABLE = 0.62
"""The zoom at which a picture that is too large begins."""
_OVERVIEW, _HAIRLINE = 0.35, 0.1
"""The zoom at which the whole of a picture is shown that at less than the second would be no more than a line."""
_NEAR_EDGE = 24.0


class GraphView(GraphCanvas):
    """Paints a `GraphPicture`.

    `layerChosen` tells the layer whose box was clicked, `foldRequested` the path of a module that is to be folded, or
    unfolded where it is folded.
    """

    layerChosen = Signal(str)
    foldRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: GraphItems | None = None
        self._painter = GraphPainter(self.font())
        self._layer = ""
        self._current: int | None = None
        self._hovered: int | None = None
        self._found: frozenset[str] = frozenset()
        self._anchor: tuple[str, QPointF] | None = None
        self._pressed: QPointF | None = None
        self._is_dragged = self._is_whole = False
        self._waits_for = ""
        self.setMouseTracking(True)
        self.setMinimumSize(200, 120)
        self.setAccessibleName("The network as a graph")

    # ---- what is shown

    @property
    def picture(self) -> GraphPicture | None:
        """What is shown."""
        return None if self._items is None else self._items.picture

    @property
    def current(self) -> int | None:
        """The number of the box that is marked."""
        return self._current

    @property
    def hovered(self) -> int | None:
        """The number of the box under the mouse."""
        return self._hovered

    def show_picture(self, picture: GraphPicture, *, is_other: bool) -> None:
        """Show a picture; where it `is_other` than a new fold of the one before, its beginning is shown."""
        before = None if self._current is None or self.picture is None else self.picture.boxes[self._current]
        self._items = GraphItems(picture)
        self._hovered = None
        self._current = picture.box_of.get(self._layer)
        self.repaint_all()
        anchor, self._anchor = self._anchor, None
        is_kept = not is_other and self._keep_in_place(anchor)
        if not is_kept:
            self.show_beginning()
        # Who folds a module elsewhere looks there; else the selection stays in view.
        if not is_kept or (before is not None and anchor is not None and before.module == anchor[0]):
            self._bring_current_into_view()

    def set_selection(self, layer: str) -> None:
        """Mark the box that is a layer, or holds it, and bring it into view."""
        self._layer = layer
        place = None if self.picture is None else self.picture.box_of.get(layer)
        if place is not None and place != self._current:
            self._current = place
            self.bring_into_view(place)
        self.update()

    def set_found(self, layers: frozenset[str]) -> None:
        """Mark the boxes that are these layers, or hold one of them."""
        if layers != self._found:
            self._found = layers
            self.update()

    def bring_layer_into_view(self, layer: str) -> None:
        """Move the picture so that the box is seen that is a layer, or holds it."""
        place = None if self.picture is None else self.picture.box_of.get(layer)
        if place is not None:
            self.bring_into_view(place)

    def set_waiting(self, told: str) -> None:
        """Tell that another picture is awaited; '' when that is over."""
        self._waits_for = told
        self.update()

    def keep(self, module: str) -> None:
        """Remember where a module lies: it stays there in the next picture, whose fold is another."""
        item = self._module_item(module)
        self._anchor = None if item is None else (module, self.to_widget(button_rect(item).center()))

    def bring_into_view(self, place: int) -> None:
        """Move the picture so that a box is seen."""
        if self._items is None:
            return
        rect = self._items.rects[place]
        seen = self.view().adjusted(*(side / self.zoom for side in (_NEAR_EDGE, _NEAR_EDGE, -_NEAR_EDGE, -_NEAR_EDGE)))
        if not seen.contains(rect):
            self.look_at(rect.center(), QRectF(self.rect()).center())

    def _bring_current_into_view(self) -> None:
        if self._current is not None:
            self.bring_into_view(self._current)

    def show_beginning(self) -> None:
        """Show the whole picture where it can be read so, else where the image goes in."""
        size = self.picture_size()
        if size.isEmpty() or self.width() < 2:
            return
        self.fit(1.15)
        self._is_whole = self.zoom >= _READABLE
        if self._is_whole:
            return
        is_down = self._is_down()
        across, room = (size.width(), self.width()) if is_down else (size.height(), self.height())
        zoom = min(1.0, max(_READABLE, room / across))
        self._look_at_beginning(zoom, fits_across=zoom * across <= room + 1)

    def _look_at_beginning(self, zoom: float, *, fits_across: bool) -> None:
        """Show a picture's beginning: in the middle where it fits across, else where the image goes in."""
        assert self._items is not None
        size, middle = self.picture_size(), QRectF(self.rect()).center()
        first = QRectF(QPointF(), size) if fits_across else self._items.rects[0]
        if self._is_down():
            self.look_at(QPointF(first.center().x(), 0), QPointF(middle.x(), 0), zoom)
        else:
            self.look_at(QPointF(0, first.center().y()), QPointF(0, middle.y()), zoom)

    def show_all(self) -> None:
        """Show the whole picture; of one that would be a mere line all that lies across, at the selection."""
        self.fit()
        self._is_whole = True
        if self._items is None or self.zoom >= _HAIRLINE:
            return
        size = self.picture_size()
        across, room = (size.width(), self.width()) if self._is_down() else (size.height(), self.height())
        zoom = min(_OVERVIEW, room / across)
        if zoom > self.zoom:
            self._is_whole = False
            self._look_at_beginning(zoom, fits_across=True)
            self._bring_current_into_view()

    def picture_size(self) -> QSizeF:
        """Return how large the picture is at the zoom of 1."""
        return QSizeF() if self.picture is None else QSizeF(self.picture.width, self.picture.height)

    def box_rect(self, place: int) -> QRectF:
        """Return where a box lies on the widget."""
        assert self._items is not None
        rect = self._items.rects[place]
        return QRectF(self.to_widget(rect.topLeft()), rect.size() * self.zoom)

    def _is_down(self) -> bool:
        return self.picture is not None and self.picture.direction is Direction.DOWN

    def _keep_in_place(self, anchor: tuple[str, QPointF] | None) -> bool:
        if anchor is None:
            return False
        item = self._module_item(anchor[0])
        if item is None:
            return False
        self.look_at(button_rect(item).center(), anchor[1])
        return True

    def _module_item(self, module: str) -> GraphBox | GraphFrame | None:
        if self.picture is None:
            return None
        items: list[GraphBox | GraphFrame] = [*self.picture.frames, *self.picture.boxes]
        return next((item for item in items if module and item.module == module), None)

    # ---- painting

    def paint_region(self, painter: QPainter, region: QRectF) -> None:
        """Paint a region of the picture."""
        if self._items is not None:
            self._painter.paint(painter, self._items, region, self.zoom)

    def paint_above(self, painter: QPainter) -> None:
        """Paint what is marked: the box under the mouse with its lines, the chosen box, what was found."""
        if self._items is not None:
            marks = GraphMarks(self._hovered, self._current, self._found)
            marks.paint(painter, self._items, self.view(), self.zoom)
        if self._waits_for:
            painter.resetTransform()
            self._painter.paint_notice(painter, QRectF(self.rect()), self._waits_for)

    # ---- mouse

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the mouse."""
        turned = event.angleDelta().y() / 120
        if turned:
            self._is_whole = False
            self.zoom_by(_NOTCH**turned, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag, or a click."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed, self._is_dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the picture, or point at what is under the mouse."""
        if self._pressed is None:
            self._point_at(event.position())
            return
        moved = event.position() - self._pressed
        if not self._is_dragged and moved.manhattanLength() < 5:
            return
        if not self._is_dragged:
            self._is_dragged, self._is_whole = True, False
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._pressed = event.position()
        self.pan(moved.x(), moved.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose what was clicked."""
        was_dragged, self._pressed, self._is_dragged = self._is_dragged, None, False
        self.unsetCursor()
        if was_dragged or event.button() is not Qt.MouseButton.LeftButton or self._items is None:
            self._point_at(event.position())
            return
        module = self._button_at(event.position())
        place = self._items.box_at(self.to_picture(event.position()))
        if module:
            self.foldRequested.emit(module)
        elif place is not None:
            self._choose(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Unfold the module that is clicked twice, or fold the one on whose frame that is."""
        if event.button() is not Qt.MouseButton.LeftButton or self._items is None:
            return
        spot = self.to_picture(event.position())
        place, frame = self._items.box_at(spot), self._items.frame_at(spot)
        if self._button_at(event.position()):
            return  # the clicks before did it
        if place is not None:
            module = self._items.picture.boxes[place].module
        else:
            module = "" if frame is None else self._items.picture.frames[frame].module
        if module:
            self.foldRequested.emit(module)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        super().leaveEvent(event)
        self._set_hovered(None)

    def event(self, event: QEvent) -> bool:
        """Tell what is under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self._tip(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the whole picture still, where that was shown."""
        super().resizeEvent(event)
        if self._is_whole or not event.oldSize().isValid():
            self.show_beginning()

    def _tip(self, position: QPointF) -> str:
        if self._items is None:
            return ""
        spot, picture = self.to_picture(position), self._items.picture
        place, frame = self._items.box_at(spot), self._items.frame_at(spot)
        if place is not None:
            return box_tip(picture, place)
        return "" if frame is None else frame_tip(picture.frames[frame])

    def _point_at(self, position: QPointF) -> None:
        if self._items is None:
            return
        self._set_hovered(self._items.box_at(self.to_picture(position)))
        is_button = bool(self._button_at(position))
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_button else Qt.CursorShape.ArrowCursor)

    def _set_hovered(self, place: int | None) -> None:
        if place != self._hovered:
            self._hovered = place
            self.update()

    def _button_at(self, position: QPointF) -> str:
        """Return the module whose button lies at a point of the widget; '' where there is none."""
        if self._items is None or self.zoom < 0.35:
            return ""
        spot, picture = self.to_picture(position), self._items.picture
        place, frame = self._items.box_at(spot), self._items.frame_at(spot)
        item = picture.boxes[place] if place is not None else None if frame is None else picture.frames[frame]
        return item.module if item is not None and button_rect(item).adjusted(-2, -2, 2, 2).contains(spot) else ""

    def _choose(self, place: int) -> None:
        assert self._items is not None
        box = self._items.picture.boxes[place]
        self._current = place
        if box.members:
            # A module stands for the layer that is chosen already, where that lies in it, else for its first.
            self._layer = self._layer if self._layer in box.members else box.members[0]
            self.layerChosen.emit(self._layer)
        self.update()

    # ---- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pan, zoom, go from box to box, fold and unfold."""
        key = Qt.Key(event.key())
        step = ACROSS_DOWN.get(key)
        if step is not None and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._go(*step)
        elif step is not None:
            self._is_whole = False
            self.pan(-step[0] * _PAN, -step[1] * _PAN)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._is_whole = False
            self.zoom_by(1 / _NOTCH if key is Qt.Key.Key_Minus else _NOTCH)
        elif key is Qt.Key.Key_0:
            self.show_all()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._fold_current()
        else:
            super().keyPressEvent(event)

    def _go(self, across: int, down: int) -> None:
        """Choose the nearest box in a direction."""
        if self._items is None:
            return
        place = 0 if self._current is None else self._items.beside(self._current, QPointF(across, down))
        if place is not None:
            self._choose(place)
            self.bring_into_view(place)

    def _fold_current(self) -> None:
        """Unfold the chosen box, or fold the module around it."""
        if self._items is None or self._current is None:
            return
        picture = self._items.picture
        box = picture.boxes[self._current]
        frame = self._items.frame_at(self._items.rects[self._current].center())
        module = box.module or ("" if frame is None else picture.frames[frame].module)
        if module:
            self.foldRequested.emit(module)
