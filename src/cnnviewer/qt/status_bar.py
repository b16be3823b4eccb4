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
        self._timing.setText(f"forward {recording.seconds * 1000:.0f} ms")
        self._memory.setText(f"{len(recording.layers)} layers recorded · {byte_text(recording.nbytes)}")

    def show_stream(self, rate: float, latency: float, network: float, dropped: int) -> None:
        """Show the figures of a stream: frames a second, seconds from source to screen and in the network."""
        self._stream.setText(f"{rate:.1f} frames/s · {latency * 1000:.0f} ms to the screen · {dropped:,} dropped")
        self._stream.show()
        self._timing.setText(f"forward {network * 1000:.0f} ms")

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
