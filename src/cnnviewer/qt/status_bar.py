"""The status bar: where the weights come from, the device, the time, the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from cnnviewer.qt.widgets.numbers import byte_text

if TYPE_CHECKING:
    from cnnviewer.messages import NetworkSummary, RecordingSummary

__all__ = ["StatusBar"]


class StatusBar(QStatusBar):
    """Shows the network's provenance at all times, and the figures of the last recording."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._provenance, self._device, self._timing, self._memory = (QLabel(self) for _ in range(4))
        self._provenance.setObjectName("provenance")
        self._provenance.setToolTip("Where the network's weights come from")
        for label in (self._provenance, self._device, self._timing, self._memory):
            self.addPermanentWidget(label, 1 if label is self._timing else 0)

    @property
    def provenance(self) -> str:
        """Where the weights come from."""
        return self._provenance.text()

    def show_network(self, network: NetworkSummary) -> None:
        """Show what belongs to a network."""
        self._provenance.setText(network.provenance)
        self._device.setText(network.device.upper())

    def show_recording(self, recording: RecordingSummary) -> None:
        """Show what belongs to a recording."""
        self._timing.setText(f"forward {recording.seconds * 1000:.0f} ms")
        self._memory.setText(f"{len(recording.layers)} layers recorded · {byte_text(recording.nbytes)}")
