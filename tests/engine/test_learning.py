"""Other weights of the open network: live ones, moments of a film, two at once, gradients and changes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from timm.layers import StdConv2d
from torch.nn.utils.parametrizations import weight_norm

from cnnviewer import from_module, record
from cnnviewer.engine import Engine
from cnnviewer.engine.learning import Learning, shown_weight
from cnnviewer.engine.scene import Scene
from cnnviewer.errors import CnnviewerError, WeightsError
from cnnviewer.messages import (
    HoldRequest,
    ImageRequest,
    MatrixRequest,
    NetworkRequest,
    Order,
    ScaleChoice,
    Scope,
    TilesRequest,
    View,
    WeightsRequest,
    WeightsShown,
)
from cnnviewer.networks import load_network
from cnnviewer.networks.run_folder import snapshot_path
from cnnviewer.recorder import Recorder


@pytest.fixture
def engine(samples):
    made = Engine()
    made.open_network(NetworkRequest("lenet5"))
    made.open_image(ImageRequest("3", path=samples / "digit-3.png"))
    return made


def other_weights(seed=0):
    torch.manual_seed(seed)
    return {name: torch.randn_like(tensor) / 8 for name, tensor in load_network("lenet5").module.state_dict().items()}


def shown(engine, samples):
    """Return what plain PyTorch makes of the sample with some weights."""

    def probabilities(weights):
        network = load_network("lenet5")
        network.module.load_state_dict(weights)
        return network.module(network.preprocess(samples / "digit-3.png")).softmax(1)[0].tolist()

    return probabilities


def tiles(layer, view, **options):
    usual = {"first": 0, "count": 6, "order": Order.CHANNEL, "scale": ScaleChoice()}
    return TilesRequest(layer, view, 5, 5, **{**usual, **options})


def test_live_weights_are_shown_and_layers_stay(engine, samples):
    before = engine.layers
    weights = other_weights()
    answer = engine.show_weights(WeightsRequest(7, weights=weights))
    assert answer.step == 7
    assert answer.network.provenance == "training, step 7"
    assert answer.recording.probabilities == pytest.approx(shown(engine, samples)(weights), abs=1e-6)
    assert answer.held is None
    assert engine.layers is before  # so the cards stay
    # The next image is recorded with them too, and a new network forgets them.
    engine.open_image(ImageRequest("3", path=samples / "digit-3.png"))
    assert engine.summary().probabilities == pytest.approx(shown(engine, samples)(weights), abs=1e-6)
    assert engine.open_network(NetworkRequest("lenet5")).provenance == "pretrained on MNIST"


def test_weights_of_another_network_are_refused(engine):
    before = engine.summary().probabilities
    with pytest.raises(WeightsError, match="does not fit"):
        engine.show_weights(WeightsRequest(1, weights={"a": torch.zeros(1)}))
    with pytest.raises(WeightsError, match="no readable moment"):
        engine.show_weights(WeightsRequest(1, run=Path("/nowhere")))
    assert engine.summary().probabilities == before
    with pytest.raises(CnnviewerError, match="no network"):
        Engine().show_weights(WeightsRequest(1, weights={}))


def test_requests_for_another_network_are_dropped_without_a_word(engine):
    before, weights = engine.summary().probabilities, other_weights()
    for other in (weights, {"a": torch.zeros(1)}):
        assert engine.show_weights(WeightsRequest(7, weights=other, network="resnet18")) is None
    assert engine.hold(HoldRequest(True, network="resnet18")) is None
    assert engine.summary().probabilities == before
    assert engine.show_weights(WeightsRequest(7, weights=weights, network="lenet5")).step == 7
    assert engine.hold(HoldRequest(True, network="lenet5")).held is not None


def test_moments_come_from_the_film(engine, samples, tmp_path):
    weights = other_weights(1)
    path = snapshot_path(tmp_path, 12)
    path.parent.mkdir()
    save_file(weights, path)
    answer = engine.show_weights(WeightsRequest(12, run=tmp_path))
    assert answer.recording.probabilities == pytest.approx(shown(engine, samples)(weights), abs=1e-6)
    path.write_bytes(b"half")
    with pytest.raises(WeightsError, match="step 12"):
        engine.show_weights(WeightsRequest(12, run=tmp_path))


def test_what_is_held_stays_while_the_weights_change(engine, samples):
    first, second = other_weights(1), other_weights(2)
    engine.show_weights(WeightsRequest(1, weights=first))
    held = engine.hold(HoldRequest(True))
    assert held.held == pytest.approx(shown(engine, samples)(first), abs=1e-6)
    answer = engine.show_weights(WeightsRequest(2, weights=second))
    assert answer.held == held.held
    assert answer.recording.probabilities == pytest.approx(shown(engine, samples)(second), abs=1e-6)
    for scope in Scope:
        request = tiles(0, View.MAPS, is_paired=True, scale=ScaleChoice(scope=scope))
        pair = engine.picture(request)
        # One scale for both: the same pictures come when the roles are changed.
        assert pair.before.shape == pair.pixels.shape
        swapped = Engine()
        swapped.open_network(NetworkRequest("lenet5"))
        swapped.open_image(ImageRequest("3", path=samples / "digit-3.png"))
        swapped.show_weights(WeightsRequest(2, weights=second))
        swapped.hold(HoldRequest(True))
        swapped.show_weights(WeightsRequest(1, weights=first))
        other = swapped.picture(request)
        assert np.array_equal(pair.before, other.pixels)
        assert np.array_equal(pair.pixels, other.before)
        assert (pair.lows, pair.highs) == (other.lows, other.highs)
    # Another image is recorded with both.
    engine.open_image(ImageRequest("8", path=samples / "digit-8.png"))
    assert engine.picture(tiles(0, View.MAPS, is_paired=True)).before is not None
    assert engine.hold(HoldRequest(False)).held is None
    assert engine.picture(tiles(0, View.MAPS, is_paired=True)).before is None


def test_the_moment_that_is_held_is_recorded_once(engine, samples, monkeypatch):
    recorded, record = [], Recorder.record
    monkeypatch.setattr(Recorder, "record", lambda self, image: recorded.append(self) or record(self, image))
    engine.hold(HoldRequest(True))
    (held,) = recorded
    for step in (1, 2, 3):
        engine.show_weights(WeightsRequest(step, weights=other_weights(step)))
    assert recorded.count(held) == 1
    assert len(recorded) == 4
    engine.open_image(ImageRequest("8", path=samples / "digit-8.png"))
    assert recorded.count(held) == 2


def test_filters_show_change_and_gradient(engine, tmp_path):
    start, now, gradients = other_weights(1), other_weights(2), other_weights(3)
    path = snapshot_path(tmp_path, 0)
    path.parent.mkdir()
    save_file(start, path)
    engine.show_weights(WeightsRequest(5, weights=now, gradients=gradients, run=tmp_path))
    numbers = {
        WeightsShown.VALUE: now["c1.weight"],
        WeightsShown.CHANGE: now["c1.weight"] - start["c1.weight"],
        WeightsShown.GRADIENT: gradients["c1.weight"],
    }
    for what, expected in numbers.items():
        answer = engine.picture(tiles(0, View.FILTERS, weights=what))
        reach = expected.abs().amax((1, 2, 3)).tolist()
        assert answer.highs == pytest.approx(reach, rel=1e-5)
        assert answer.lows == pytest.approx([-value for value in reach], rel=1e-5)
    # A moment of the film has no gradient: zeros, and a note that says so.
    engine.show_weights(WeightsRequest(0, run=tmp_path))
    answer = engine.picture(tiles(0, View.FILTERS, weights=WeightsShown.GRADIENT))
    assert set(answer.badges) == {"zero"}
    assert answer.note == "no gradient is known of this moment"
    names = [layer.name for layer in engine.layers]
    matrix = MatrixRequest(names.index("f6"), View.WEIGHTS, 50, 50, ScaleChoice(), WeightsShown.CHANGE)
    assert engine.picture(matrix).note.startswith("the change since the start")


def test_filters_of_two_moments_have_one_scale(engine):
    first, second = other_weights(1), other_weights(2)
    engine.show_weights(WeightsRequest(1, weights=first))
    engine.hold(HoldRequest(True))
    engine.show_weights(WeightsRequest(2, weights=second))
    answer = engine.picture(tiles(0, View.FILTERS, is_paired=True))
    both = torch.stack([first["c1.weight"], second["c1.weight"]]).abs().amax((0, 2, 3, 4))
    assert answer.highs == pytest.approx(both.tolist(), rel=1e-5)
    assert not np.array_equal(answer.before, answer.pixels)


def test_of_a_weight_that_is_worked_out_its_parameter_is_shown():
    """A training knows parameters only: the weight of a standardised convolution has no gradient of its own."""
    image = torch.rand(1, 3, 8, 8)
    names = {"standardised": StdConv2d(3, 4, 3), "normed": weight_norm(torch.nn.Conv2d(3, 4, 3))}
    for kind, module in names.items():
        recording = record(from_module(torch.nn.Sequential(module, torch.nn.Flatten())), image)
        layer = recording.layers[0]
        start = {f"0.{name}": tensor.detach() - 0.5 for name, tensor in module.named_parameters()}
        gradients = {name: tensor * 3 for name, tensor in start.items()}
        scene = Scene(recording, None, "", learning=Learning(None, start, gradients))
        found = {shown: shown_weight(layer, scene, shown) for shown in WeightsShown}
        assert torch.equal(found[WeightsShown.VALUE][0], layer.parameters["weight"])
        change, gradient = found[WeightsShown.CHANGE], found[WeightsShown.GRADIENT]
        name = "0.parametrizations.weight.original1" if kind == "normed" else "0.weight"
        assert torch.allclose(change[0], torch.full_like(change[0], 0.5))
        assert torch.equal(gradient[0], gradients[name])
        assert change[1] == f"the change since the start, of {name}"
        assert gradient[1] == f"the gradient of the last step, of {name}"


def test_a_weight_of_several_parameters_has_no_gradient_to_show():
    class Product(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other = (torch.nn.Parameter(torch.rand(4, 3)) for _ in range(2))

        def forward(self, x):
            return torch.nn.functional.conv2d(x, (self.one * self.other)[:, :, None, None])

    recording = record(from_module(Product()), torch.rand(1, 3, 8, 8))
    scene = Scene(recording, None, "", learning=Learning(None, {}, {"one": torch.zeros(4, 3)}))
    weight, told = shown_weight(recording.layers[0], scene, WeightsShown.GRADIENT)
    assert not weight.any()
    assert told == "no gradient is known of a weight that the forward pass works out"
