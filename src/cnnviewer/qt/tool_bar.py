"""The tool bar: which network, which image, how maps are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from cnnviewer.inputs.samples import list_samples
from cnnviewer.messages import Order, ScaleChoice, Scope
from cnnviewer.qt.icons import icon
from cnnviewer.qt.network_menu import NetworkMenu
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import literal
from cnnviewer.qt.widgets.wheel import Choice, Slider

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ToolBar"]

_TILES = (20, 160)
_LONGEST_NAME = 120
"""How wide a network's name may be, in pixels: a longer one would push the last buttons out of a window of 1280."""
_GAMMAS = (20, 200)
_LIVE_MENU = (
    ("open_video", "screen", "pad"),
    ("freeze", "live_panel"),
    ("save_frame", "record_input", "record_window", "record_frames", "stop_recording"),
)
COLORMAPS = ("magma", "inferno", "viridis", "cividis", "grey")


class ToolBar(QToolBar):
    """Emits what the user wishes; shows what is the case."""

    networkRequested = Signal(str, object)
    sampleRequested = Signal(str)
    scaleChanged = Signal(object)
    orderChanged = Signal(object)
    tileChanged = Signal(int)
    cameraRequested = Signal(object)

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__("Tools", parent)
        self.setObjectName("tools")
        self.setMovable(False)
        self.setIconSize(QSize(16, 16))
        self._actions = actions
        self._scale = ScaleChoice()
        self._buttons: list[tuple[QToolButton, str]] = []
        self._build_network()
        self._build_images()
        self._build_live()
        spacer = QWidget(self)
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        self._build_scale()
        self._build_tiles()
        self._build_window()

    @property
    def network_menu(self) -> QMenu:
        """The menu from which a network is chosen."""
        return self._network_menu

    def set_network(self, name: str, asked: str, *, is_random: bool) -> None:
        """Show which network is open: what it is called, and the name or the file by which it was asked for."""
        shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, _LONGEST_NAME)
        self._network.setText(f" {shown} ▾")
        self._network.setToolTip(literal(f"Choose a network; {name} is open"))
        self._network_menu.set_network(asked, is_random=is_random)

    def set_appearance(self, scale: ScaleChoice, order: Order, tile: int) -> None:
        """Show how maps are shown."""
        self._scale = scale
        self.scope.set_current(scale.scope.value)
        self._gamma.setValue(round(scale.gamma * 100))
        self._gamma_text.setText(f"{scale.gamma:.2f}")
        for action in self._colormaps.actions():
            action.setChecked(action.text() == scale.sequential)
        self.order.setCurrentText(order.value)
        self.tiles.setValue(tile)

    def refresh_icons(self) -> None:
        """Paint the icons in the theme's colour."""
        for button, name in self._buttons:
            button.setIcon(icon(name))

    # ---- building

    def _button(self, text: str, icon_name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if text else Qt.ToolButtonStyle.ToolButtonIconOnly
        button.setToolButtonStyle(style)
        self._buttons.append((button, icon_name))
        self.addWidget(button)
        return button

    def _build_network(self) -> None:
        self._network = self._button(" network ▾", "network", "Choose a network")
        more = [self._actions[name] for name in ("catalogue", "open_network_file", "edit_card")]
        self._network_menu = NetworkMenu(more, self._network)
        self._network_menu.networkRequested.connect(self.networkRequested)
        self._network.setMenu(self._network_menu)
        self._network.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _build_images(self) -> None:
        opener = self._button(" Open…", "folder-open", "Open images (Ctrl+O), or drop them, or a video, on the window")
        opener.clicked.connect(self._actions["open_files"].trigger)
        samples = self._button(" Samples ▾", "images", "Show one of the sample images")
        menu = QMenu(samples)
        for sample in list_samples():
            action = menu.addAction(sample.title)
            action.setData(sample.name)
        menu.triggered.connect(self._on_sample_chosen)
        samples.setMenu(menu)
        samples.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        paste = self._button("", "clipboard-paste", "Paste an image (Ctrl+V)")
        paste.clicked.connect(self._actions["paste"].trigger)

    def _build_live(self) -> None:
        live = self._button(" Live ▾", "live", "Camera, video, screen, drawing pad; recording")
        menu = QMenu(live)
        self._cameras = menu.addMenu("Camera")
        self._cameras.aboutToShow.connect(self._on_cameras_wanted)
        self._cameras.triggered.connect(self._on_camera_chosen)
        for names in _LIVE_MENU:
            menu.addActions([self._actions[name] for name in names])
            menu.addSeparator()
        live.setMenu(menu)
        live.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._recording = self._button(" Recording", "record", "")
        self._recording.clicked.connect(self._actions["stop_recording"].trigger)
        self._recording_action = self.actions()[-1]
        self.show_recording("")

    def show_recording(self, name: str) -> None:
        """Show what is being recorded; empty where nothing is."""
        self._recording_action.setVisible(bool(name))
        self._recording.setToolTip(literal(f"Recording {name}: click to end (Ctrl+Shift+E)"))
        self._actions["stop_recording"].setEnabled(bool(name))

    def _build_scale(self) -> None:
        self.addWidget(QLabel("Scale", self))
        tips = (
            "Each map has a scale of its own",
            "The maps of a layer share one scale",
            "All layers share one scale",
        )
        self.scope = Segmented([scope.value for scope in Scope], self, tips)
        self.scope.chosen.connect(self._on_scope_chosen)
        self.addWidget(self.scope)
        colors = self._button("", "palette", "Colours and gamma")
        colors.setMenu(self._colors_menu(colors))
        colors.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _colors_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        title = menu.addAction("Colours of values without a sign")
        title.setEnabled(False)
        self._colormaps = QActionGroup(menu)
        for name in COLORMAPS:
            action = menu.addAction(name)
            action.setCheckable(True)
            self._colormaps.addAction(action)
        self._colormaps.triggered.connect(self._on_colormap_chosen)
        menu.addSeparator()
        row = QWidget(menu)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(22, 6, 16, 6)
        self._gamma = Slider(row)
        self._gamma.setRange(*_GAMMAS)
        self._gamma.setFixedWidth(130)
        self._gamma.setToolTip("Below 1 small values show more, above 1 less")
        self._gamma.setAccessibleName("Gamma")
        self._gamma_text = QLabel(row)
        self._gamma.valueChanged.connect(self._on_gamma_changed)
        for widget in (QLabel("Gamma", row), self._gamma, self._gamma_text):
            layout.addWidget(widget)
        gamma = QWidgetAction(menu)
        gamma.setDefaultWidget(row)
        menu.addAction(gamma)
        return menu

    def _build_tiles(self) -> None:
        self.addWidget(QLabel("Tiles", self))
        self.tiles = Slider(self)
        self.tiles.setRange(*_TILES)
        self.tiles.setFixedWidth(44)
        self.tiles.setToolTip("The size of the maps")
        self.tiles.setAccessibleName("Size of the maps")
        self.tiles.valueChanged.connect(self.tileChanged)
        self.addWidget(self.tiles)
        self.addWidget(QLabel("Sort", self))
        self.order = Choice(self)
        self.order.addItems([order.value for order in Order])
        self.order.setToolTip("The order of the maps in a card")
        self.order.currentTextChanged.connect(self._on_order_changed)
        self.addWidget(self.order)

    def _build_window(self) -> None:
        graph = self._button("", "graph", "The network as a graph (Ctrl+G)")
        graph.clicked.connect(self._actions["graph"].trigger)
        learn = self._button("", "learn", "Learn: a tour to play with (Ctrl+Shift+L)")
        learn.clicked.connect(self._actions["learn"].trigger)
        train = self._button("", "train", "Train a network (Ctrl+T)")
        train.clicked.connect(self._actions["training"].trigger)
        theme = self._button("", "sun-moon", "Light or dark (Ctrl+D)")
        theme.clicked.connect(self._actions["toggle_theme"].trigger)
        help_button = self._button("", "circle-help", "Keys and help (?)")
        help_button.clicked.connect(self._actions["help"].trigger)

    # ---- user

    @Slot(QAction)
    def _on_sample_chosen(self, action: QAction) -> None:
        self.sampleRequested.emit(action.data())

    @Slot()
    def _on_cameras_wanted(self) -> None:
        """List the cameras of now."""
        from cnnviewer.qt.live.media import camera_names

        self._cameras.clear()
        names = camera_names()
        for camera, name in names.items():
            self._cameras.addAction(name).setData(camera)
        if not names:
            # It can be chosen all the same: what is told then says what to do.
            self._cameras.addAction("No camera found").setData(None)

    @Slot(QAction)
    def _on_camera_chosen(self, action: QAction) -> None:
        self.cameraRequested.emit(action.data())

    @Slot(str)
    def _on_scope_chosen(self, scope: str) -> None:
        self._change(scope=Scope(scope))

    @Slot(QAction)
    def _on_colormap_chosen(self, action: QAction) -> None:
        self._change(sequential=action.text())

    @Slot(int)
    def _on_gamma_changed(self, value: int) -> None:
        self._change(gamma=value / 100)

    def _change(self, **changes: object) -> None:
        scale = replace(self._scale, **changes)  # type: ignore[arg-type]
        if scale != self._scale:
            self.scaleChanged.emit(scale)

    @Slot(str)
    def _on_order_changed(self, order: str) -> None:
        self.orderChanged.emit(Order(order))
