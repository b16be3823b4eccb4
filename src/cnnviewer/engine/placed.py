"""`Placed`: a network as it was opened, and where it runs."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from cnnviewer.networks.weights import fit_weights
from cnnviewer.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cnnviewer.images import ImageLike, Photo
    from cnnviewer.messages import DeviceRequest
    from cnnviewer.network import Network
    from cnnviewer.recording import Recording

__all__ = ["Placed"]


class Placed:
    """Records with a network on a device, in a precision.

    The network as it was opened is kept beside the one that runs: half precision can't be undone.

    Parameters
    ----------
    opened
        The network as it was opened; where it is on the device and in the precision already, there is no second one.
    request
        The device and the precision.

    Raises
    ------
    DeviceError, NetworkError
        If it can't be brought there.
    """

    def __init__(self, opened: Network, request: DeviceRequest) -> None:
        self.opened = opened
        self._request = request
        self._recorder = Recorder(opened.to(request.device, request.precision))

    @property
    def network(self) -> Network:
        """The network that runs."""
        return self._recorder.network

    def record(self, image: ImageLike | Photo | torch.Tensor) -> Recording:
        """Record an image; see `Recorder.record`."""
        return self._recorder.record(image)

    def record_frame(
        self, image: torch.Tensor, kept: frozenset[int], begin: Callable[[Recording, int], None] | None = None
    ) -> Recording:
        """Record a frame of a stream; see `Recorder.record_frame`."""
        return self._recorder.record_frame(image, kept, begin)

    def to(self, request: DeviceRequest) -> Placed:
        """Return the same network elsewhere."""
        return Placed(self.opened, request)

    def apart(self) -> Placed:
        """Return a copy with weights of its own, in the same place."""
        return Placed(replace(self.opened, module=copy.deepcopy(self.opened.module)), self._request)

    def fit(self, weights: Mapping[str, torch.Tensor], source: str) -> None:
        """Give it other weights; see `fit_weights`."""
        fit_weights(self.opened.module, weights, source, self.opened.name)
        if self.network is not self.opened:
            fit_weights(self.network.module, weights, source, self.opened.name)

    def probe(self) -> None:
        """Run once over nothing, where there is no image yet: what can't run there tells it now.

        Raises
        ------
        RecordingError
            If it can't.
        """
        preprocessing = self.network.preprocessing
        self.record(torch.zeros(1, preprocessing.channels, *preprocessing.size))
