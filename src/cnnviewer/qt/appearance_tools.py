"""The tools of the bar that tell how maps are shown, and the menus that stand for them where there is no room."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolBar, QWidget, QWidgetAction

from cnnviewer.messages import Order, ScaleChoice, Scope
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.wheel import Choice, Slider

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COLORMAPS", "AppearanceTools"]

COLORMAPS = ("magma", "inferno", "viridis", "cividis", "grey")
_TILES, _GAMMAS = (20, 160), (20, 200)
_SCOPE_TIPS = (
    "Each map has a scale of its own",
    "The maps of a layer share one scale",
    "All layers share one scale",
)
_TILES_TIP, _ORDER_TIP = "The size of the maps", "The order of the maps in a card"


class AppearanceTools(QObject):
    """Builds them, emits what the user wishes, and shows what is the case, in both places."""

    scaleChanged = Signal(object)
    orderChanged = Signal(object)
    tileChanged = Signal(int)

    def __init__(self, bar: QToolBar) -> None:
        super().__init__(bar)
        self._bar = bar
        self._scale = ScaleChoice()
        self.scope = Segmented([scope.value for scope in Scope], bar, _SCOPE_TIPS)
        self.scope.chosen.connect(self._on_scope_chosen)
        self.tiles = self._slider(bar, _TILES, 44, "Size of the maps", _TILES_TIP)
        self.tiles.valueChanged.connect(self.tileChanged)
        self.order = Choice(bar)
        self.order.addItems([order.value for order in Order])
        self.order.setToolTip(_ORDER_TIP)
        self.order.currentTextChanged.connect(self._on_order_chosen)
        self._build_menus()

    # ---- where they stand

    def add_scale(self) -> list[QAction]:
        """Put the scope on the bar; return what was added."""
        return [self._bar.addWidget(QLabel("Scale", self._bar)), self._bar.addWidget(self.scope)]

    def add_tiles(self) -> list[QAction]:
        """Put the tiles' size and order on the bar; return what was added."""
        widgets = (QLabel("Tiles", self._bar), self.tiles, QLabel("Sort", self._bar), self.order)
        return [self._bar.addWidget(widget) for widget in widgets]

    def colors_menu(self, parent: QWidget) -> QMenu:
        """Return a menu of the colour maps and gamma."""
        menu = QMenu(parent)
        title = menu.addAction("Colours of values without a sign")
        title.setEnabled(False)
        self._colormaps = QActionGroup(menu)
        self._choices(menu, self._colormaps, COLORMAPS, self._on_colormap_chosen)
        menu.addSeparator()
        self._gamma_text = QLabel(menu)
        self._gamma = self._slider(menu, _GAMMAS, 130, "Gamma", "Below 1 small values show more, above 1 less")
        self._gamma.valueChanged.connect(self._on_gamma_changed)
        menu.addAction(_row(menu, "Gamma", self._gamma, self._gamma_text))
        return menu

    # ---- what is the case

    def set_appearance(self, scale: ScaleChoice, order: Order, tile: int) -> None:
        """Show how maps are shown."""
        self._scale = scale
        self.scope.set_current(scale.scope.value)
        self._gamma.setValue(round(scale.gamma * 100))
        self._gamma_text.setText(f"{scale.gamma:.2f}")
        _tick(self._colormaps, scale.sequential)
        _tick(self._scopes, scale.scope.value)
        _tick(self._orders, order.value)
        self.order.setCurrentText(order.value)
        self.tiles.setValue(tile)
        with QSignalBlocker(self._menu_tiles):
            self._menu_tiles.setValue(tile)

    # ---- building

    def _build_menus(self) -> None:
        self.scale_menu = QMenu("Scale", self._bar)
        self._scopes = QActionGroup(self.scale_menu)
        self._choices(self.scale_menu, self._scopes, [scope.value for scope in Scope], self._on_scope_action)
        self.order_menu = QMenu("Sort", self._bar)
        self._orders = QActionGroup(self.order_menu)
        self._choices(self.order_menu, self._orders, [order.value for order in Order], self._on_order_action)
        self._menu_tiles = self._slider(self._bar, _TILES, 100, "Size of the maps", _TILES_TIP)
        self._menu_tiles.valueChanged.connect(self.tileChanged)
        self.tiles_action = _row(self._bar, "Tiles", self._menu_tiles)

    def _slider(self, parent: QWidget, ends: tuple[int, int], width: int, name: str, tip: str) -> Slider:
        slider = Slider(parent)
        slider.setRange(*ends)
        slider.setFixedWidth(width)
        slider.setToolTip(tip)
        slider.setAccessibleName(name)
        return slider

    def _choices(self, menu: QMenu, group: QActionGroup, names: Sequence[str], slot: object) -> None:
        for name in names:
            action = menu.addAction(name)
            action.setCheckable(True)
            group.addAction(action)
        group.triggered.connect(slot)

    # ---- user

    @Slot(str)
    def _on_scope_chosen(self, scope: str) -> None:
        self._change(scope=Scope(scope))

    @Slot(QAction)
    def _on_scope_action(self, action: QAction) -> None:
        self._on_scope_chosen(action.text())

    @Slot(QAction)
    def _on_colormap_chosen(self, action: QAction) -> None:
        self._change(sequential=action.text())

    @Slot(int)
    def _on_gamma_changed(self, value: int) -> None:
        self._change(gamma=value / 100)

    @Slot(str)
    def _on_order_chosen(self, order: str) -> None:
        self.orderChanged.emit(Order(order))

    @Slot(QAction)
    def _on_order_action(self, action: QAction) -> None:
        self._on_order_chosen(action.text())

    def _change(self, **changes: object) -> None:
        scale = replace(self._scale, **changes)  # type: ignore[arg-type]
        if scale != self._scale:
            self.scaleChanged.emit(scale)


def _row(parent: QWidget, text: str, *widgets: QWidget) -> QWidgetAction:
    """Return a row of a menu: a text, and widgets."""
    row = QWidget(parent)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(22, 6, 16, 6)
    for widget in (QLabel(text, row), *widgets):
        layout.addWidget(widget)
    action = QWidgetAction(parent)
    action.setDefaultWidget(row)
    return action


def _tick(group: QActionGroup, text: str) -> None:
    for action in group.actions():
        action.setChecked(action.text() == text)
