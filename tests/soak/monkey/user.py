"""The random user: what it may wish, how often, and how it does it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QImage, QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QDockWidget, QFileDialog, QLineEdit, QMenu, QWidget
from shiboken6 import isValid

from cameras import GivenCamera
from cnnviewer.qt.actions import ACTIONS
from monkey.hands import Hands, files, name_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from watching import Trail

    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session
    from monkey.materials import Materials

__all__ = ["User"]

NETWORKS = ("lenet5", "fashion-cnn", "efficientnet-lite0", "tiny-vgg", "resnet20", "squeezenet1_0", "resnet18")
"""Small ones: the others take seconds a recording, and gigabytes."""
_HELD_BACK = {"alexnet", "vgg11", "vgg16", "vgg19", "resnet50", "resnet152", "googlenet", "densenet121", "densenet201"}
_SMALL = ("lenet", "squeezenet", "lcnet_035", "mobilenetv3_small_050", "resnet10t", "regnetx_002")
"""What it looks for in the catalogue."""
_PAUSES = (5, 5, 5, 20, 20, 60, 60, 200)
"""Milliseconds between two actions."""
_LEAVE = 50
"""Milliseconds between two looks for what covers the window, at the end."""
_RATE = 30
_PLACES = ("input.mp4", "input.json", "no ending", "film.avi", "ä 数.mp4", "frame.png", "nowhere/film.mp4")
"""The names that it types into dialogs which save."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,-+ "
_QUITS = {"Ctrl+Q", "Ctrl+W", "Alt+F4"}
_OTHER_KEYS = ("Left", "Right", "Up", "Down", "Tab", "Shift+Tab", "Return", "Esc", "PgUp", "PgDown", "Home",
               "End", "Del", "Backspace", "+", "-", "0", "Ctrl+A", "Ctrl+C", "Ctrl+X",
               "Shift+Right", "Shift+Down")  # fmt: skip
_SIZES = ((900, 560), (1024, 768), (1280, 800), (1920, 1080), (1280, 1960))


class User(QObject):
    """Does one thing after the other; each is in the trail before it is done."""

    ended = Signal()

    def __init__(
        self, window: MainWindow, session: Session, materials: Materials, written: Path, trail: Trail, seed: int
    ) -> None:
        super().__init__()
        self._window, self._session, self._materials, self._trail = window, session, materials, trail
        self._written, self._seed = written, seed
        written.mkdir()
        self._hands = Hands(window)
        self._camera: GivenCamera | None = None
        self._pictures = _pictures()
        self._sent = self._turn = 0
        self._feed = QTimer(self)
        self._feed.setInterval(1000 // _RATE)
        self._feed.timeout.connect(self._on_frame)
        self._leaving = QTimer(self)
        self._leaving.setInterval(_LEAVE)
        self._leaving.timeout.connect(self._uncover)
        self._is_over = False
        self._wishes: tuple[tuple[int, Callable[[random.Random], None]], ...] = (
            (30, self._click), (4, self._double_click), (4, self._right_click), (5, self._drag), (5, self._hover),
            (12, self._use_action), (8, self._type), (5, self._press), (8, self._wheel),
            (4, self._drop_files), (1, self._drop_picture), (1, self._drop_text), (2, self._paste),
            (3, self._choose_network), (2, self._open_camera), (2, self._open_video), (2, self._record),
            (2, self._train), (2, self._move_dock), (1, self._change_theme), (1, self._resize), (3, self._close_over),
        )  # fmt: skip

    def begin(self) -> None:
        self._feed.start()
        self._act()

    @Slot()
    def end(self) -> None:
        """Do no more; what covers the window is closed first."""
        self._is_over = True
        self._feed.stop()
        self._hands.turn()
        # More than once: what was begun under a menu goes on when it is closed, and may open another.
        self._leaving.start()
        self._uncover()

    @Slot()
    def _uncover(self) -> None:
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        while (dialog := QApplication.activeModalWidget()) is not None:
            dialog.close()
        self.ended.emit()

    def leave(self) -> None:
        """Touch nothing from now on: the loop that it ran in has been left."""
        self._leaving.stop()

    @Slot()
    def _act(self) -> None:
        if self._is_over:
            return
        # Not one for all turns: a turn that was answered otherwise would change all that come after it.
        dice = random.Random(f"{self._seed}:{self._turn}")
        self._turn += 1
        self._hands.turn()
        # Before the action: it may open a menu, which is used from its own event loop.
        QTimer.singleShot(dice.choice(_PAUSES), self._act)
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QFileDialog):
            self._answer(dialog, dice)
            return
        weights, wishes = zip(*self._wishes, strict=True)
        wish = dice.choices(wishes, weights)[0]
        try:
            wish(dice)
        except RuntimeError as error:  # PySide's, of what was deleted; those of the window's own slots don't come here
            self._trail.note(f"it went before it was touched: {error}")

    # ---- the mouse

    def _click(self, dice: random.Random, sort: str = "left") -> None:
        widget = self._hands.widget(dice)
        if isinstance(widget, QFileDialog):
            return
        point = QPoint(dice.randrange(max(1, widget.width())), dice.randrange(max(1, widget.height())))
        if isinstance(widget, QMenu) and self._is_held_back(widget, point):
            return
        self._search_small(widget)
        self._trail.write(f"{sort} click at {point.x()}, {point.y()} of {name_of(widget)}")
        self._hands.click(widget, point, sort)

    def _double_click(self, dice: random.Random) -> None:
        self._click(dice, "double")

    def _right_click(self, dice: random.Random) -> None:
        self._click(dice, "right")

    def _drag(self, dice: random.Random) -> None:
        widget = self._hands.widget(dice)
        points = [QPoint(dice.randrange(max(1, widget.width())), dice.randrange(max(1, widget.height())))
                  for _ in range(dice.randrange(2, 6))]  # fmt: skip
        told = " ".join(f"{point.x()},{point.y()}" for point in points)
        self._trail.write(f"drag {told} in {name_of(widget)}")
        self._hands.drag(widget, points)

    def _hover(self, dice: random.Random) -> None:
        widget = self._hands.widget(dice)
        self._trail.write(f"hover over {name_of(widget)}")
        self._hands.hover(widget, QPoint(dice.randrange(max(1, widget.width())), widget.height() // 2))

    def _wheel(self, dice: random.Random) -> None:
        widget, steps = self._hands.widget(dice), dice.choice((-5, -1, -1, 1, 5))
        modifiers = dice.choice((Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier))
        self._trail.write(f"wheel by {steps} over {name_of(widget)}")
        self._hands.wheel(widget, widget.rect().center(), steps, modifiers)

    # ---- the keyboard

    def _use_action(self, dice: random.Random) -> None:
        keys = dice.choice([keys for info in ACTIONS for keys in info.keys if keys not in _QUITS])
        self._press_keys(self._focused(dice), keys)

    def _press(self, dice: random.Random) -> None:
        self._press_keys(self._focused(dice), dice.choice(_OTHER_KEYS))

    def _type(self, dice: random.Random) -> None:
        self._press_keys(self._focused(dice), dice.choice(_LETTERS).upper().replace(" ", "Space"))

    def _press_keys(self, widget: QWidget, keys: str) -> None:
        pressed = QKeySequence(keys)[0]
        self._search_small(widget)
        self._trail.write(f"key {keys} in {name_of(widget)}")
        self._hands.press(widget, pressed.key(), pressed.keyboardModifiers())

    def _focused(self, dice: random.Random) -> QWidget:
        top = self._hands.top(dice)
        focused = top.focusWidget()
        return focused if focused is not None and focused.isVisible() else top

    # ---- what is given to the window

    def _some_paths(self, dice: random.Random) -> list[Path]:
        sorts = (self._materials.images, self._materials.damaged, self._materials.all)
        return [dice.choice(dice.choice(sorts)) for _ in range(dice.choice((1, 1, 1, 2, 5)))]

    def _drop_files(self, dice: random.Random) -> None:
        paths = self._some_paths(dice)
        if self._is_covered():
            return
        self._trail.write(f"drop {', '.join(path.name for path in paths)}")
        self._hands.drop(files(paths))

    def _drop_picture(self, dice: random.Random) -> None:
        mime = files([])
        mime.setImageData(dice.choice(self._pictures))
        if not self._is_covered():
            self._trail.write("drop a picture")
            self._hands.drop(mime)

    def _drop_text(self, dice: random.Random) -> None:
        mime = files([])
        mime.setText(dice.choice(("hello", "https://example.org/cat.jpg", "/nowhere/cat.jpg")))
        if not self._is_covered():
            self._trail.write("drop a text")
            self._hands.drop(mime)

    def _paste(self, dice: random.Random) -> None:
        clipboard = QGuiApplication.clipboard()
        sort = dice.choice(("nothing", "a picture", "a text", "files"))
        self._trail.write(f"paste {sort}")
        if sort == "nothing":
            clipboard.clear()
        elif sort == "a picture":
            clipboard.setImage(dice.choice(self._pictures))
        elif sort == "a text":
            clipboard.setText(str(dice.choice(self._materials.all)))
        else:
            clipboard.setMimeData(files(self._some_paths(dice)))
        self._hands.press(self._focused(dice), Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    def _answer(self, dialog: QFileDialog, dice: random.Random) -> None:
        if dice.random() < 0.2:
            self._trail.write(f"cancel '{dialog.windowTitle()}'")
            dialog.reject()
            return
        if dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave:
            path = self._written / dice.choice(_PLACES)
        elif dialog.fileMode() is QFileDialog.FileMode.Directory:
            path = dice.choice((*self._materials.folders, self._written))
        else:
            path = dice.choice(self._materials.all)
        self._trail.write(f"answer '{dialog.windowTitle()}' with {path.name}")
        self._hands.answer(dialog, path)
        if isValid(dialog) and dialog.isVisible():
            dialog.reject()

    # ---- networks, streams, trainings

    def _choose_network(self, dice: random.Random) -> None:
        name, weights = dice.choice(NETWORKS), dice.choice(("DEFAULT", "DEFAULT", None))
        if not self._is_covered():
            self._trail.write(f"open {name} with weights {weights}")
            self._window.tool_bar.networkRequested.emit(name, weights)

    def _open_camera(self, dice: random.Random) -> None:
        if not self._is_covered():
            self._trail.write("a camera is chosen")
            self._camera = GivenCamera()
            self._window.open_live().live.run(self._camera)

    def _open_video(self, dice: random.Random) -> None:
        path = dice.choice((*self._materials.videos, *self._materials.videos, *self._materials.damaged))
        if not self._is_covered():
            self._trail.write(f"drop {path.name}")
            self._hands.drop(files([path]))

    def _record(self, dice: random.Random) -> None:
        what = dice.choice(("record_input", "record_window", "record_frames", "stop_recording"))
        action = next((one for one in self._window.actions() if one.data() == what), None)
        if action is not None and not self._is_covered():
            self._trail.write(f"action {what}")
            action.trigger()

    def _train(self, dice: random.Random) -> None:
        if self._is_covered():
            return
        panel = self._window.open_training().panel
        form = panel.setup.form
        choice = dice.choice(("start", "pause", "stop", "step"))
        self._trail.write(f"training: {choice}")
        if choice == "start":
            form.epochs.setValue(dice.randrange(1, 4))
            form.batch.setValue(dice.choice((32, 256)))
        button = {"start": panel.setup.start, "pause": panel.play, "stop": panel.stop, "step": panel.step}[choice]
        button.click()

    # ---- the window

    def _move_dock(self, dice: random.Random) -> None:
        dock = dice.choice(self._window.findChildren(QDockWidget))
        choice = dice.choice(("float", "show", "close", "raise"))
        self._trail.write(f"{choice} the dock '{dock.windowTitle()}'")
        if choice == "float":
            dock.setFloating(not dock.isFloating())
        elif choice == "raise":
            dock.raise_()
        elif choice == "show":
            dock.show()
        elif dock.features() & QDockWidget.DockWidgetFeature.DockWidgetClosable:
            dock.close()

    def _change_theme(self, dice: random.Random) -> None:
        self._trail.write("change the theme")
        self._window.set_theme(dice.choice(("light", "dark", "system")))

    def _resize(self, dice: random.Random) -> None:
        size = QSize(*dice.choice(_SIZES))
        self._trail.write(f"resize to {size.width()}x{size.height()}")
        self._window.resize(size)

    def _close_over(self, dice: random.Random) -> None:
        """Close a menu or a dialog that covers the window, so that it does not stay for long."""
        over = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if over is not None:
            self._trail.write(f"close {name_of(over)}")
            over.close()

    # ---- what it may not

    def _is_covered(self) -> bool:
        return QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None

    def _is_held_back(self, menu: QMenu, point: QPoint) -> bool:
        action = menu.actionAt(point)
        words = set() if action is None else {action.text().replace("&", ""), str(action.data())}
        return bool(words & (_HELD_BACK | {"Quit", "Exit"}))

    def _search_small(self, widget: QWidget) -> None:
        """In the catalogue, look for small networks only: any other could be opened with random weights."""
        dialog = widget.window()
        search = getattr(dialog, "search", None)
        if isinstance(dialog, QDialog) and isinstance(search, QLineEdit) and search.text() not in _SMALL:
            search.setText(_SMALL[self._turn % len(_SMALL)])

    # ---- the camera

    @Slot()
    def _on_frame(self) -> None:
        if self._camera is None or not isValid(self._camera) or not self._camera.is_running:
            self._camera = None
            return
        self._sent += 1
        self._camera.offer(self._pictures[self._sent % len(self._pictures)])


def _pictures() -> list[QImage]:
    made = []
    for number in range(8):
        image = QImage(320, 240, QImage.Format.Format_RGB32)
        image.fill(QColor.fromHsv(number * 45, 200, 200))
        made.append(image)
    return made
