"""The tool bar: which network, which image, how maps are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from cnnviewer.inputs.samples import list_samples
from cnnviewer.names import isolated, readable, steady
from cnnviewer.provenance import is_random
from cnnviewer.qt.appearance_tools import AppearanceTools
from cnnviewer.qt.icons import icon
from cnnviewer.qt.network_menu import NetworkMenu
from cnnviewer.qt.overflow import Overflow, Step
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from cnnviewer.messages import NetworkSummary, Order, ScaleChoice

__all__ = ["ToolBar"]

_LONGEST_NAME = 120
"""How wide a network's name may be, in pixels: a longer one would push the last buttons out of a window of 1280."""
_LIVE_MENU = (
    ("open_video", "screen", "pad"),
    ("freeze", "live_panel"),
    ("save_frame", "record_input", "record_window", "record_frames", "stop_recording"),
)
_WINDOW = (
    ("graph", "graph", "The network as a graph (Ctrl+G)"),
    ("learn", "learn", "Learn: a tour to play with (Ctrl+Shift+L)"),
    ("training", "train", "Train a network (Ctrl+T)"),
    ("toggle_theme", "sun-moon", "Light or dark (Ctrl+D)"),
    ("help", "circle-help", "Keys and help (?)"),
)
"""The buttons at the right: the action, the icon and the tooltip of each."""


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
        self._buttons: list[tuple[QToolButton, str]] = []
        self._overflow: Overflow | None = None
        self._build_network()
        self._build_images()
        self._build_live()
        spacer = QWidget(self)
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        self._build_appearance()
        self._build_window()
        self._build_overflow()

    @property
    def network_menu(self) -> QMenu:
        """The menu from which a network is chosen."""
        return self._network_menu

    def set_network(self, network: NetworkSummary, asked: str) -> None:
        """Show which network is open, and the name or the file by which it was asked for."""
        name = network.name
        shown = self.fontMetrics().elidedText(readable(name), Qt.TextElideMode.ElideMiddle, _LONGEST_NAME)
        self._network.setText(steady(f" {isolated(shown)} ▾"))
        self._network.setToolTip(literal(steady(f"Choose a network; {isolated(name)} is open")))
        is_made_so = is_random(network.provenance)
        self._network_menu.set_network(asked, is_random=is_made_so, is_file=network.is_file)
        self._fit()

    def set_appearance(self, scale: ScaleChoice, order: Order, tile: int) -> None:
        """Show how maps are shown."""
        self._tools.set_appearance(scale, order, tile)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give up what has no room, or take it back."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._overflow is not None:  # else it is being built
            self._overflow.fit()

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
        tip = "Open images, a video or a network (Ctrl+O), or drop them on the window"
        self._opener = self._button(" Open…", "folder-open", tip)
        self._opener.clicked.connect(self._actions["open_files"].trigger)
        samples = self._samples = self._button(" Samples ▾", "images", "Show one of the sample images")
        menu = QMenu(samples)
        for sample in list_samples():
            action = menu.addAction(sample.title)
            action.setData(sample.name)
        menu.triggered.connect(self._on_sample_chosen)
        samples.setMenu(menu)
        samples.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        paste = self._button("", "clipboard-paste", "Paste a picture, copied files or a path (Ctrl+V)")
        paste.clicked.connect(self._actions["paste"].trigger)

    def _build_live(self) -> None:
        live = self._live = self._button(" Live ▾", "live", "Camera, video, screen, drawing pad; recording")
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
        self._fit()
        self._recording.setToolTip(literal(f"Recording {isolated(name)}: click to end (Ctrl+Shift+E)"))
        self._actions["stop_recording"].setEnabled(bool(name))

    def _build_appearance(self) -> None:
        tools = self._tools = AppearanceTools(self)
        self.scope, self.tiles, self.order = tools.scope, tools.tiles, tools.order
        tools.scaleChanged.connect(self.scaleChanged)
        tools.orderChanged.connect(self.orderChanged)
        tools.tileChanged.connect(self.tileChanged)
        self._scale_actions = tools.add_scale()
        colors = self._button("", "palette", "Colours and gamma")
        colors.setMenu(tools.colors_menu(colors))
        colors.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._tile_actions = tools.add_tiles()

    def _build_overflow(self) -> None:
        more = self._button("", "more", "More tools")
        tools = self._tools
        windows = [self._actions[name] for name, _, _ in _WINDOW]
        steps = (
            Step(shortened=(self._opener, self._samples, self._live)),
            Step(hidden=tuple(self._tile_actions), entries=(tools.tiles_action, tools.order_menu)),
            Step(hidden=tuple(self._scale_actions), entries=(tools.scale_menu,)),
            Step(hidden=tuple(self._window_actions), entries=tuple(windows)),
        )
        self._overflow = Overflow(self, more, self.actions()[-1], steps)

    def _build_window(self) -> None:
        first = len(self.actions())
        for name, icon_name, tip in _WINDOW:
            self._button("", icon_name, tip).clicked.connect(self._actions[name].trigger)
        self._window_actions = self.actions()[first:]

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
