"""Networks whose layers give whole numbers that stand for others, or no numbers at all: each question has an answer."""

import warnings

import pytest
import torch
import torchvision
from torch import nn

import cnnviewer
from asking import requests_for
from cnnviewer.engine import Engine
from cnnviewer.errors import CnnviewerError, RecordingError
from cnnviewer.messages import ImageRequest, NetworkRequest, ScaleChoice
from cnnviewer.recorder import Recorder
from cnnviewer.resources import resource

torch.set_num_threads(1)


class Empty(nn.Module):
    """Takes parts that have nothing in them, on each of the axes."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 5)

    def forward(self, x):
        h = self.conv(x)
        h[:, :0].relu_()
        none = h[h > 1e9].reshape(-1, 4)
        scores = self.head(none).softmax(1)
        h = torch.cat([h[:, :, :0], h.split([0, 4], 1)[1]], 2) + scores.sum()
        return self.head(h.mean((2, 3))), none


def quantized():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torchvision.models.quantization.shufflenet_v2_x0_5(weights=None, quantize=True, num_classes=5)


def detector():
    return torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=3, min_size=64, max_size=96
    )


MODULES = {"empty": Empty, "quantized": quantized, "detector": detector}


@pytest.fixture(scope="module", params=MODULES)
def network(request):
    torch.manual_seed(0)
    preprocessing = cnnviewer.Preprocessing(size=(64, 64), resize=64, mean=(0.5,) * 3, deviation=(0.5,) * 3)
    return cnnviewer.from_module(MODULES[request.param](), preprocessing=preprocessing, name=request.param)


@pytest.fixture
def engine(network, monkeypatch):
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    engine = Engine()
    engine.open_network(NetworkRequest("odd"))
    engine.open_image(ImageRequest("photo", path=resource("samples", "chelsea.png")))
    yield engine
    engine.close()


def test_all_that_the_window_asks_for_is_there(engine):
    summary = engine.summary()
    for request in requests_for(summary, ScaleChoice()):
        try:
            engine.picture(request)
        except CnnviewerError as error:
            assert "nothing to show" in str(error)  # noqa: PT017 (of all other layers there are pictures)


def test_each_layer_can_be_asked_for_a_unit(network):
    image = network.preprocess(resource("samples", "chelsea.png"))
    recorder = Recorder(network)
    for _ in range(3):
        recording = recorder.record(image.clone())
        assert recording.run_notes[0].startswith("run as written")
    frame = recorder.record_frame(image.clone(), frozenset([0]))
    assert [layer.shape for layer in frame.layers] == [layer.shape for layer in recording.layers]
    for layer in recording.layers[:: max(1, len(recording.layers) // 60)]:
        unit = (0,) * len(layer.shape)
        if layer.output.numel():
            try:
                explanation = cnnviewer.explain(recording, layer, unit)
            except RecordingError as error:
                assert "computes with whole numbers of 8 bits" in str(error)  # noqa: PT017 (the only reason)
            else:
                assert explanation.recorded == pytest.approx(float(layer.output[unit]), nan_ok=True)
            assert cnnviewer.receptive_field(recording, layer, unit) is not None
        else:
            with pytest.raises(CnnviewerError, match="has no unit"):
                cnnviewer.explain(recording, layer, unit)


def test_quantized_outputs_are_shown_as_the_numbers_for_which_they_stand():
    torch.manual_seed(0)
    module = quantized()
    recording = cnnviewer.record(cnnviewer.from_module(module), torch.randn(1, 3, 64, 64))
    assert all(layer.output.dtype == torch.float32 for layer in recording.layers)
    assert len(set(recording["quant"].output.flatten().tolist())) <= 256
