"""The status bar: where the weights come from, the device and its choice, the time, the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from cnnviewer.names import readable, steady
from cnnviewer.qt.widgets.device_button import DeviceButton
from cnnviewer.sizes import byte_text

if TYPE_CHECKING:
    from cnnviewer.messages import NetworkSummary, RecordingSummary

__all__ = ["StatusBar"]


class StatusBar(QStatusBar):
    """Shows the network's provenance at all times, and the figures of the last recording."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._provenance, self._timing, self._stream, self._memory = (QLabel(self) for _ in range(4))
        self.device = DeviceButton(self)
        self._provenance.setTextFormat(Qt.TextFormat.PlainText)
        self._provenance.setObjectName("provenance")
        self._provenance.setToolTip("Where the network's weights come from")
        self._stream.hide()
        for widget in (self._provenance, self.device, self._timing, self._stream, self._memory):
            self.addPermanentWidget(widget, 1 if widget is self._timing else 0)

    @property
    def provenance(self) -> str:
        """Where the weights come from."""
        return self._provenance.text()

    def show_network(self, network: NetworkSummary) -> None:
        """Show what belongs to a network."""
        self._provenance.setText(steady(readable(network.provenance)))
        self.device.show_network(network.device, network.numbers)

    def show_recording(self, recording: RecordingSummary) -> None:
        """Show what belongs to a recording."""
        self._show_timing(recording.seconds, recording.run_notes)
        self._memory.setText(f"{len(recording.layers)} layers recorded · {byte_text(recording.nbytes)}")

    def show_stream(
        self, rate: float, latency: float, network: float, dropped: int, run_notes: tuple[str, ...] = ()
    ) -> None:
        """Show the figures of a stream: frames a second, seconds from source to screen and in the network."""
        self._stream.setText(f"{rate:.1f} frames/s · {latency * 1000:.0f} ms to the screen · {dropped:,} dropped")
        self._stream.show()
        self._show_timing(network, run_notes)

    def _show_timing(self, seconds: float, run_notes: tuple[str, ...]) -> None:
        """Show how long the network took, and in a few words what is particular in how it was run; all as a tip."""
        heads = (note.partition(":")[0] for note in run_notes)
        self._timing.setText(" · ".join((f"forward {seconds * 1000:.0f} ms", *heads)))
        self._timing.setToolTip("\n".join(f"The network is {note}." for note in run_notes))

    @property
    def timing(self) -> str:
        """What is told of the time that the network took."""
        return self._timing.text()

    @property
    def timing_tip(self) -> str:
        """What is told of how the network was run."""
        return self._timing.toolTip()

    def showMessage(self, message: str, timeout: int | None = 0) -> None:
        """Show a sentence for a while; it runs from left to right, whatever the script of the names in it is."""
        super().showMessage(steady(message), timeout or 0)

    def end_stream(self) -> None:
        """Show no stream any more."""
        self._stream.hide()

    @property
    def stream(self) -> str:
        """The figures of the stream."""
        return self._stream.text()
