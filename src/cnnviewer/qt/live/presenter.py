"""The live presenter: gives the panels what frames bring, and the sources what the user wishes."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import astuple, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from cnnviewer.categories import category_name
from cnnviewer.frames import StageTimes
from cnnviewer.qt.layout import enlarge_photo, make_room
from cnnviewer.qt.live.painting import paint_at_once
from cnnviewer.qt.widgets.numbers import unit_text

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDockWidget

    from cnnviewer.frames import FrameAnswer
    from cnnviewer.messages import NetworkSummary, RecordingSummary
    from cnnviewer.qt.live.live import Live
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.panels.live_panel import LivePanel
    from cnnviewer.qt.presenter import Presenter
    from cnnviewer.qt.selection import Selection
    from cnnviewer.qt.session import Session

__all__ = ["LivePresenter"]

_BEAT = 200
"""How often, in milliseconds, what changes too fast to be read is shown."""
_MEASURED = 60
"""How many frames the timing is the mean of, at most those of the last two seconds."""
_WINDOW = 2.0


class LivePresenter(QObject):
    """Connects a stream with the panels of a window."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        live: Live,
        presenter: Presenter,
        panel: LivePanel,
        dock: QDockWidget,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self.live = window, session, live
        self._presenter, self._panel, self.dock = presenter, panel, dock
        self._painted: deque[tuple[float, float, StageTimes]] = deque(maxlen=_MEASURED)
        self._has_run = False
        self._beat = QTimer(self)
        self._beat.setInterval(_BEAT)
        self._beat.timeout.connect(self._on_beat)
        session.framed.connect(self._on_framed)
        session.networkChanged.connect(self._on_network_changed)
        session.selectionChanged.connect(self._on_selection_changed)
        session.recordingChanged.connect(self._on_recording_changed)
        live.sourceChanged.connect(self._on_source_changed)

    @property
    def panel(self) -> LivePanel:
        """What only a stream shows."""
        return self._panel

    @property
    def frame_rate(self) -> float:
        """How many frames a second were painted lately."""
        recent = self._recent()
        return (len(recent) - 1) / (recent[-1][0] - recent[0][0]) if len(recent) > 1 else 0.0

    @property
    def last(self) -> tuple[float, float, StageTimes]:
        """When the last frame was painted, how long it took from its source to the screen, and its stages; seconds."""
        return self._painted[-1]

    # ---- frames

    @Slot(object)
    def _on_framed(self, answer: FrameAnswer) -> None:
        """Show a frame, and paint it at once: Qt would wait for a while for others."""
        begun = time.perf_counter()
        window = self._window
        for key, request, picture in answer.pictures:
            self._presenter.show_picture(key, request, picture)
        window.probabilities.show_recording(answer.recording)
        window.input.show_frame(answer.frame.title)
        self._panel.add(begun, answer.activation, answer.recording.probabilities, answer.recording.categories)
        if answer.best is not None:
            self._panel.set_best(answer.best)
        paint_at_once(window)
        painted = time.perf_counter()
        times = replace(answer.times, paint=painted - begun)
        self._painted.append((painted, painted - answer.frame.arrived, times))

    def _recent(self) -> list[tuple[float, float, StageTimes]]:
        now = time.perf_counter()
        return [entry for entry in self._painted if now - entry[0] < _WINDOW]

    @Slot()
    def _on_beat(self) -> None:
        """Show what changes too fast to be read, a few times a second."""
        recent, now = self._recent(), time.perf_counter()
        if not recent or not self._session.inputs.is_streaming:
            return
        count = len(recent)
        times = StageTimes(*(sum(part) / count for part in zip(*(astuple(entry[2]) for entry in recent), strict=True)))
        latency = sum(entry[1] for entry in recent) / count
        dropped = self._session.mailbox.counts.dropped
        recording = self._session.recording
        notes = () if recording is None else recording.run_notes
        self._window.status.show_stream(self.frame_rate, latency, times.network, dropped, notes)
        if recording is not None:
            self._window.layers.show_costs(recording)
        if not self.dock.isHidden():
            self._panel.show_now(now)
            self._panel.show_timing(times, latency, self.frame_rate, dropped, notes)

    # ---- what else happens

    @Slot()
    def _on_source_changed(self) -> None:
        if self.live.is_running:
            self._beat.start()
            if not self._has_run:
                self._show_dock()
            if self.live.is_drawing:
                enlarge_photo(self._window, 0.72)
        else:
            self._beat.stop()
            self._painted.clear()
            self._window.status.end_stream()

    def _show_dock(self) -> None:
        """Show what only a stream shows, when the first one begins; later it is the user's choice."""
        self._has_run = True
        self.dock.show()
        self.dock.raise_()
        self.dock.raise_()
        make_room(self._window, self.dock, max(208, round(self._window.height() * 0.25)))
        self._show_title()

    @Slot(object)
    def _on_network_changed(self, network: NetworkSummary) -> None:
        del network
        self._panel.clear()

    @Slot(object)
    def _on_recording_changed(self, recording: RecordingSummary) -> None:
        self._panel.show_answer(recording.answer)
        self._show_title()  # what is chosen may be that of the last time

    @Slot(object)
    def _on_selection_changed(self, selection: Selection) -> None:
        del selection
        self._show_title()
        self._panel.set_best(())

    def _show_title(self) -> None:
        """Show which map the strip is of."""
        selection = self._session.selection
        if selection is None:
            return
        layer, recording = self._session.selected_layer(), self._session.recording
        what = f"map {selection.channel}"
        if layer is not None and len(layer.shape) < 2:
            categories = () if recording is None else recording.categories
            name = category_name(categories, selection.channel) if layer.has_classes else ""
            what = unit_text((selection.channel,), name)
        self._panel.show_title(f"{selection.layer} · {what}: mean activation")
