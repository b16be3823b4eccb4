"""Light and dark: palettes, colours and the style sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette

from cnnviewer.qt.polishing import Polisher
from cnnviewer.resources import resource

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

__all__ = [
    "DARK",
    "ERROR_COLOR",
    "KIND_COLORS",
    "LIGHT",
    "PLACE_COLOR",
    "Theme",
    "apply_theme",
    "current_place_color",
    "current_theme",
    "line_colors",
    "signed_color",
    "system_is_dark",
]


@dataclass(frozen=True)
class Theme:
    """The window's colours, as #rrggbb."""

    name: str
    is_dark: bool
    window: str
    panel: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    accent_soft: str
    on_accent: str
    bar: str
    warning: str
    warning_soft: str


LIGHT = Theme(
    name="light",
    is_dark=False,
    window="#f4f5f8",
    panel="#ffffff",
    raised="#f0f2f6",
    border="#dfe3ea",
    text="#1a2130",
    muted="#5d6676",
    accent="#2563eb",
    accent_soft="#dbe7fe",
    on_accent="#ffffff",
    bar="#c3cfe2",
    warning="#b45309",
    warning_soft="#fdf0dc",
)
DARK = Theme(
    name="dark",
    is_dark=True,
    window="#13161c",
    panel="#1b1f27",
    raised="#252a34",
    border="#303643",
    text="#e6e9f0",
    muted="#98a1b2",
    accent="#6ea1ff",
    accent_soft="#24365c",
    on_accent="#0d1420",
    bar="#3b4558",
    warning="#f5b454",
    warning_soft="#3a2c14",
)

KIND_COLORS = {
    "convolution": "#2f6bb8",
    "activation": "#bd6528",
    "pooling": "#2f8659",
    "normalisation": "#5f6f86",
    "linear": "#a5364f",
    "softmax": "#8a44a3",
    "addition": "#1f8290",
    "multiplication": "#3f78a8",
    "concatenation": "#7d6b1f",
    "attention": "#5a4ab8",
    "dropout": "#74787f",
    "reshape": "#74787f",
    "resampling": "#6a7f3a",
    "other": "#74787f",
}
"""The colour of each kind of layer; white text on each of them can be read."""

# Okabe and Ito (2008): told apart by colour-blind eyes too; black and yellow, which need a background, left out.
_LINES = {
    False: ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8f7200"),
    True: ("#56b4e9", "#ff9b45", "#2fc79a", "#e59ac6", "#e0cc4a"),
}

ERROR_COLOR = "#e03131"
"""The colour of the frame around what can't be used; seen in light and in dark."""

PLACE_COLOR = "#ffd400"
"""The colour that marks a unit's place; seen on photos and on colour maps."""

# Near the ends of the diverging colour maps of each theme: red above 0, blue below.
_PLUS, _MINUS = {False: "#b4472b", True: "#ff8d70"}, {False: "#1f62a5", True: "#6cb2f0"}

_current = LIGHT


def current_theme() -> Theme:
    """Return the theme that was applied last; widgets that paint themselves ask it."""
    return _current


def current_place_color() -> str:
    """Return the colour that marks the chosen unit's place; seen on photos and on colour maps."""
    return PLACE_COLOR if not _current.is_dark else "#ffe04d"


def line_colors() -> tuple[str, ...]:
    """Return the colours of lines, and of other things that are told apart, in the theme that was applied last."""
    return _LINES[_current.is_dark]


def signed_color(value: float) -> str:
    """Return the colour of what adds (red) and of what subtracts (blue), as on the maps with a sign; 0 adds."""
    return (_MINUS if value < 0 else _PLUS)[_current.is_dark]


def system_is_dark() -> bool:
    """Whether the desktop asks for dark windows."""
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give the whole application the theme's colours.

    The style sheet is set once, and takes its colours from the palette: to set another one, Qt would lay out all
    widgets anew, and go over each of them several times.
    """
    global _current
    _current = theme
    app.setPalette(_palette(theme))
    # Fusion draws the frame of a box to tick darker than its window: in the dark it could not be seen.
    boxes = _palette(theme)
    boxes.setColor(QPalette.ColorRole.Window, QColor(theme.muted))
    app.setPalette(boxes, "QCheckBox")  # type: ignore[arg-type]  # bytes are refused when it runs
    sheet = _style_sheet()
    if app.styleSheet() != sheet:
        app.setStyleSheet(sheet)
    else:
        Polisher.of(app).polish()


def _style_sheet() -> str:
    # Grey, to be seen in both themes: a style sheet takes its pictures from files.
    icons = resource("icons").as_posix()
    names = {color: f"palette({name})" for color, (_, name) in _ROLES.items()}
    return _STYLE.format_map({**names, "icons": icons, "error": ERROR_COLOR})


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    colors = {role: getattr(theme, color) for color, (role, _) in _ROLES.items()}
    for role, color in {**colors, **{role: getattr(theme, color) for role, color in _NATIVE_ROLES.items()}}.items():
        palette.setColor(role, QColor(color))
    roles = QPalette.ColorRole
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    return palette


_ROLES = {
    "window": (QPalette.ColorRole.Window, "window"),
    "panel": (QPalette.ColorRole.Base, "base"),
    "raised": (QPalette.ColorRole.AlternateBase, "alternate-base"),
    "border": (QPalette.ColorRole.Mid, "mid"),
    "text": (QPalette.ColorRole.ToolTipText, "tooltip-text"),
    "muted": (QPalette.ColorRole.PlaceholderText, "placeholder-text"),
    "accent": (QPalette.ColorRole.Accent, "accent"),
    "accent_soft": (QPalette.ColorRole.LinkVisited, "link-visited"),
    "on_accent": (QPalette.ColorRole.HighlightedText, "highlighted-text"),
    "bar": (QPalette.ColorRole.Shadow, "shadow"),
    "warning": (QPalette.ColorRole.BrightText, "bright-text"),
    "warning_soft": (QPalette.ColorRole.ToolTipBase, "tooltip-base"),
}
"""By which role of the palette the style sheet asks for each colour, and the role's name there.

Only roles that are the same for widgets that can't be used, and of those that have no such meaning for Qt the ones that
Fusion does not paint with.
"""

_NATIVE_ROLES = {
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.Button: "panel",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.Dark: "border",
    QPalette.ColorRole.Light: "panel",
    QPalette.ColorRole.Midlight: "raised",
}
"""What Fusion paints with beside those."""

_STYLE = """
QMainWindow::separator {{ background: {window}; width: 6px; height: 6px; }}
QMainWindow::separator:hover {{ background: {accent_soft}; }}
QToolBar {{ background: {panel}; border: 0; border-bottom: 1px solid {border}; padding: 5px 7px; spacing: 3px; }}
QToolBar QToolButton {{ padding: 4px 8px; }}
QToolBar QLabel {{ color: {muted}; padding-left: 3px; }}
QToolBar QToolButton#qt_toolbar_ext_button {{ background: {raised}; padding: 0; }}
QStatusBar {{ background: {panel}; border-top: 1px solid {border}; color: {muted}; }}
QStatusBar::item {{ border: 0; }}
QStatusBar QLabel {{ color: {muted}; padding: 1px 8px; }}
QStatusBar QToolButton {{ background: transparent; border-color: transparent; color: {muted}; padding: 1px 6px; }}
QStatusBar QToolButton:hover {{ background: {raised}; color: {text}; }}
QStatusBar QToolButton:focus {{ border-color: {accent}; }}
QStatusBar QLabel#provenance {{ color: {accent}; font-weight: 600; }}
QDockWidget {{
    color: {text}; font-weight: 600;
    titlebar-normal-icon: url("{icons}/dock-float.svg"); titlebar-close-icon: url("{icons}/dock-close.svg");
}}
QDockWidget::title {{ background: {window}; padding: 7px 8px 4px 8px; }}
QAbstractButton#qt_dockwidget_floatbutton, QAbstractButton#qt_dockwidget_closebutton {{
    border: 0; border-radius: 4px; background: transparent; padding: 0; icon-size: 16px;
}}
QDockWidget::float-button:hover, QDockWidget::close-button:hover {{ background: {accent_soft}; }}
QTabBar::tab {{ background: transparent; border: 0; padding: 4px 14px; color: {muted}; }}
QTabBar::tab:hover {{ color: {text}; }}
QTabBar::tab:selected {{ color: {accent}; font-weight: 600; }}
QTabBar {{ background: {window}; }}
QToolButton, QPushButton {{
    background: {panel}; border: 1px solid {border}; border-radius: 6px; padding: 4px 10px; color: {text};
}}
QToolButton:hover, QPushButton:hover {{ border-color: {accent}; }}
QToolButton:pressed, QPushButton:pressed {{ background: {accent_soft}; }}
QToolButton:focus, QPushButton:focus {{ border-color: {accent}; }}
QToolButton:disabled, QPushButton:disabled {{ color: {muted}; }}
QPushButton:checked {{ background: {accent_soft}; border-color: {accent}; color: {accent}; }}
QPushButton#primary {{ background: {accent}; border-color: {accent}; color: {on_accent}; font-weight: 600; }}
QPushButton#primary:disabled {{ background: {raised}; border-color: {border}; color: {muted}; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QToolButton[flat="true"] {{ background: transparent; border: 1px solid transparent; padding: 3px; }}
QToolButton[flat="true"]:hover {{ background: {raised}; }}
QToolButton[flat="true"]:checked {{ background: {accent_soft}; border-color: {accent}; }}
QToolButton[flat="true"]:focus {{ border-color: {accent}; }}
QToolButton[role="guess"] {{ color: {warning}; border-style: dashed; padding: 1px 6px; }}
QToolButton[role="guess"]:hover {{ background: {accent_soft}; }}
QToolButton[segment="true"] {{
    background: {raised}; border: 1px solid transparent; border-radius: 5px; padding: 2px 8px; color: {muted};
}}
QToolButton[segment="true"]:hover {{ color: {text}; }}
QToolButton[segment="true"]:checked {{ background: {accent_soft}; color: {accent}; font-weight: 600; }}
QToolButton[segment="true"]:focus {{ border-color: {accent}; }}
QWidget#panel, QFrame#card {{ background: {panel}; border: 1px solid {border}; border-radius: 7px; }}
QFrame#card[selected="true"] {{ border: 2px solid {accent}; }}
QAbstractScrollArea#layers {{ background: {window}; border: 0; }}
QFrame#banner {{ background: {warning_soft}; border: 1px solid {warning}; border-radius: 7px; }}
QFrame#progress {{ background: {panel}; border: 1px solid {accent}; border-radius: 7px; }}
QFrame[role="line"] {{ color: {border}; }}
QLabel[role="muted"] {{ color: {muted}; }}
QLabel[role="name"] {{ font-weight: 600; }}
QLabel[role="warning"] {{ color: {warning}; }}
QLineEdit, QComboBox, QPlainTextEdit {{
    background: {panel}; border: 1px solid {border}; border-radius: 6px; padding: 4px 8px; color: {text};
    selection-background-color: {accent}; selection-color: {on_accent};
}}
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus {{ border-color: {accent}; }}
QLineEdit[wrong="true"] {{ border: 2px solid {error}; padding: 3px 7px; }}
QFileDialog QToolButton {{ padding: 4px; }}
QFileDialog {{
    backward-icon: url("{icons}/dialog-back.svg"); forward-icon: url("{icons}/dialog-on.svg");
    filedialog-parent-directory-icon: url("{icons}/dialog-up.svg");
    filedialog-new-directory-icon: url("{icons}/dialog-new-folder.svg");
    filedialog-listview-icon: url("{icons}/dialog-list.svg");
    filedialog-detailedview-icon: url("{icons}/dialog-details.svg");
}}
QComboBox::drop-down {{ border: 0; width: 20px; }}
QComboBox::down-arrow {{ image: url("{icons}/chevron-down.svg"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {panel}; border: 1px solid {border}; color: {text}; }}
QTreeView, QListView {{ background: {panel}; border: 0; color: {text}; outline: 0; }}
QTreeView, QHeaderView {{ font-size: 8pt; }}
QTreeView::item {{ padding: 2px 0; }}
QTreeView::item:selected, QListView::item:selected {{ background: {accent_soft}; color: {text}; }}
QHeaderView::section {{
    background: {panel}; color: {muted}; border: 0; border-bottom: 1px solid {border}; padding: 3px 4px;
}}
QMenu {{ background: {panel}; border: 1px solid {border}; padding: 4px; color: {text}; }}
QMenu::item {{ padding: 5px 24px 5px 22px; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent_soft}; }}
QMenu::item:disabled {{ color: {muted}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 6px; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: 3px 6px; }}
QProgressBar {{ background: {raised}; border: 0; border-radius: 3px; height: 6px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {bar}; border-radius: 4px; margin: 2px; min-height: 32px; min-width: 32px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: transparent; width: 0; height: 0;
}}
QSlider::groove:horizontal {{ height: 4px; background: {border}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{
    background: {panel}; border: 2px solid {accent}; width: 10px; height: 10px; margin: -5px 0; border-radius: 7px;
}}
QSlider:focus {{ border: 1px solid {accent}; border-radius: 5px; }}
"""
