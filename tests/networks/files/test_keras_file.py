"""Files of Keras give what Keras gives."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import h5py
import keras_models as models
import numpy as np
import pytest
import torch

import cnnviewer
from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.formats import KERAS, format_of
from cnnviewer.networks.files.keras_file import open_file
from cnnviewer.recorder import Recorder

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _same_images():
    """Draw the same images in each run: rounding shows in networks with random weights."""
    torch.manual_seed(0)


_ANY = [models.functional, models.sequential, models.shared, models.augmented, models.transformer, models.gated]


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("make", _ANY)
def test_it_computes_what_keras_computes(keras, tmp_path, make, ending):
    model = make(keras)
    path = tmp_path / f"net{ending}"
    model.save(path)
    assert format_of(path) == KERAS
    opened = open_file(path)
    channels, height, width = opened.hints.shape
    assert (None, height, width, channels) == model.input_shape
    assert opened.hints.is_channels_last
    x = np.random.default_rng(1).uniform(0, 255, (1, height, width, channels)).astype("float32")
    wanted = model.predict(x, verbose=0)
    image = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), image)
    assert np.ptp(wanted) > 1e-3
    found = recording.layers[-1].output.numpy()
    np.testing.assert_allclose(found, wanted[0], rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


def test_files_of_keras_2_open(keras, tmp_path):
    """Their configuration names no modules."""

    def older(config):
        if isinstance(config, dict):
            kept = {key: older(part) for key, part in config.items() if key not in ("module", "registered_name")}
            return {**kept, **({"dtype": "float32"} if "dtype" in kept else {})}
        return [older(part) for part in config] if isinstance(config, list) else config

    model = models.functional(keras)
    model.save(tmp_path / "net.h5")
    with h5py.File(tmp_path / "net.h5", "r+") as file:
        file.attrs["keras_version"] = "2.11.0"
        file.attrs["model_config"] = json.dumps(older(json.loads(file.attrs["model_config"])))
    image = torch.rand(1, 3, 24, 20)
    found = open_file(tmp_path / "net.h5").module(image)[0].detach().numpy()
    np.testing.assert_allclose(found, _expected(model, image), rtol=1e-4, atol=1e-6)


@pytest.fixture
def functional(keras, tmp_path):
    """The functional model, its module as it is opened, and an image ``(1, C, H, W)``."""
    keras.backend.clear_session()
    model = models.functional(keras)
    model.save(tmp_path / "net.keras")
    image = torch.rand(1, 3, 24, 20, generator=torch.Generator().manual_seed(0))
    return model, open_file(tmp_path / "net.keras"), image


def _expected(model, image):
    return model.predict(image.permute(0, 2, 3, 1).numpy(), verbose=0)[0]


def test_layers_have_the_names_of_keras(functional):
    _, opened, image = functional
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), image)
    assert {layer.module for layer in recording.layers} >= {"first", "norm", "skip", "both", "flat", "scores"}
    assert recording["first"].kind == "convolution"
    assert recording["skip"].kind == "addition"
    assert recording["both"].kind == "concatenation"
    assert recording["scores"].operation == "matmul"
    assert [layer.name for layer in recording.layers if layer.module == "norm"] == ["norm.sub", "norm.mul", "norm.add"]
    assert recording["first.relu"].inputs == ("first.add",)
    assert recording["scores.softmax"].shape == (5,)
    assert {layer.operation for layer in recording.layers if layer.kind == "other"} <= {
        "neg",  # of PReLU
        "repeat_interleave",  # how earlier versions enlarge
    }


def test_filters_are_shown_in_the_order_of_torch(functional):
    model, opened, image = functional
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), image)
    kernel, bias = model.get_layer("first").get_weights()
    first = recording["first"]
    np.testing.assert_array_equal(first.parameters["weight"].detach().numpy(), kernel.transpose(3, 2, 0, 1))
    np.testing.assert_array_equal(recording["first.add"].parameters["bias"].detach().numpy().ravel(), bias)
    assert first.layout.channels == (0,)
    assert recording["first.relu"].shape[0] == 8
    learnt = sum(np.prod(weight.shape) for weight in model.trainable_weights)
    assert cnnviewer.from_module(opened.module).parameter_count == learnt


def test_nothing_but_the_arithmetic_and_the_order_of_axes_is_recorded(functional):
    _, opened, image = functional
    layers = cnnviewer.record(cnnviewer.from_module(opened.module), image).layers
    # Between convolutions nothing is turned; where channels-last matters, it is seen.
    assert not any(layer.operation == "permute" for layer in layers if layer.module in ("first", "norm", "both"))
    assert [layer.operation for layer in layers if layer.module == "flat"] == ["permute", "reshape"]
    assert {layer.operation for layer in layers if layer.kind == "reshape"} <= {
        "permute",
        "pad",
        "reshape",
        "unsqueeze",
        "expand",
    }
    # What takes nothing of the image is no layer.
    assert all(layer.inputs for layer in layers)


def test_a_second_image_is_replayed_and_has_the_bits_of_a_run(keras, tmp_path):
    models.sequential(keras).save(tmp_path / "net.keras")
    network = cnnviewer.from_module(open_file(tmp_path / "net.keras").module)
    image = torch.rand(1, 1, 16, 16)
    recorder = Recorder(network)
    recorder.record(image)
    again = recorder.record(1 - image)
    assert recorder._plan is not None
    for mine, plain in zip(again.layers, cnnviewer.record(network, 1 - image).layers, strict=True):
        assert torch.equal(mine.output, plain.output)


def test_units_are_explained_and_their_fields_are_known(functional):
    _, opened, image = functional
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), image)
    for name in ("first", "first.add", "norm.mul", "skip", "scores"):
        layer = recording[name]
        unit = tuple(length // 2 for length in layer.shape)
        explanation = cnnviewer.explain(recording, layer, unit)
        assert explanation.value == pytest.approx(float(layer.output[unit]), rel=1e-4, abs=1e-4)
    field = cnnviewer.receptive_field(recording, recording["first"], (0, 3, 3))
    assert (field.bottom - field.top, field.right - field.left) == (3, 3)


def test_a_copy_has_weights_of_its_own(functional):
    model, opened, image = functional
    twin = copy.deepcopy(opened.module)
    with torch.no_grad():
        twin.scores.vectors.bias.add_(torch.tensor([100.0, 0, 0, 0, 0]))
        assert twin(image)[0, 0] > 0.99
        np.testing.assert_allclose(opened.module(image)[0].numpy(), _expected(model, image), rtol=1e-4, atol=1e-6)


def test_half_precision_is_told(functional):
    _, opened, _ = functional
    with pytest.raises(NetworkError, match="choose single precision"):
        cnnviewer.from_module(opened.module).to("cpu", "half")


def test_it_runs_in_another_thread_than_it_was_opened_in(functional):
    model, opened, image = functional
    network = cnnviewer.from_module(opened.module)
    with ThreadPoolExecutor(1) as pool:
        recording = pool.submit(cnnviewer.record, network, image).result()
    np.testing.assert_allclose(recording.probabilities.numpy(), _expected(model, image), rtol=1e-4, atol=1e-6)


def test_gradients_reach_the_image(functional):
    _, opened, image = functional
    image.requires_grad_()
    opened.module(image)[0, 0].backward()
    assert image.grad.abs().max() > 0


def test_a_size_that_is_free_stays_free(keras, tmp_path):
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((None, None, 3)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(2)]
    )
    model.save(tmp_path / "net.keras")
    opened = open_file(tmp_path / "net.keras")
    assert opened.hints.shape == (3, None, None)
    for side in (30, 41):
        image = torch.rand(1, 3, side, side)
        np.testing.assert_allclose(opened.module(image)[0].detach().numpy(), _expected(model, image), atol=1e-5)


def test_channels_first_is_taken_as_it_is(keras, tmp_path):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((3, 12, 10)),
            layers.Conv2D(4, 3, data_format="channels_first"),
            layers.GlobalMaxPooling2D(data_format="channels_first"),
        ]
    )
    model.save(tmp_path / "net.keras")
    opened = open_file(tmp_path / "net.keras")
    assert opened.hints.shape == (3, 12, 10)
    assert not opened.hints.is_channels_last
    image = torch.rand(1, 3, 12, 10)
    wanted = model.predict(image.numpy(), verbose=0)
    np.testing.assert_allclose(opened.module(image).detach().numpy(), wanted, atol=1e-5)


def test_a_network_of_keras_applications_opens(keras, tmp_path):
    model = models.with_random_weights(
        keras.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=0.35, weights=None, classes=7)
    )
    model.save(tmp_path / "net.keras")
    opened = open_file(tmp_path / "net.keras")
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), torch.rand(1, 3, 32, 32))
    assert recording["Conv1"].settings["stride"] == (2, 2)
    np.testing.assert_allclose(recording.scores.numpy(), _expected(model, recording.input[None]), atol=1e-4)


@pytest.mark.parametrize("shapes", [[(8, 8, 3), (8, 8, 3)], [(12,)]])
def test_what_takes_no_one_image_is_told(keras, tmp_path, shapes):
    inputs = [keras.Input(shape) for shape in shapes]
    x = keras.layers.Add()(inputs) if len(inputs) > 1 else inputs[0]
    keras.Model(inputs, keras.layers.Dense(3)(x)).save(tmp_path / "net.keras")
    with pytest.raises(NetworkError, match=r"takes (2 inputs|an input of shape)"):
        open_file(tmp_path / "net.keras")


def test_keras_on_another_backend_is_told(keras, tmp_path):
    models.sequential(keras).save(tmp_path / "net.keras")
    code = (
        "import sys, types; from pathlib import Path\n"
        "sys.modules['keras'] = keras = types.ModuleType('keras')\n"
        "keras.__version__ = '3.6.0'; keras.config = types.SimpleNamespace(backend=lambda: 'jax')\n"
        "from cnnviewer.networks.files.keras_file import open_file\n"
        f"open_file(Path({str(tmp_path / 'net.keras')!r}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "NetworkError: net.keras needs Keras 3 on its torch backend, and Keras 3.6.0 on jax" in run.stderr


def test_opening_is_quiet_and_leaves_the_environment_alone(keras, tmp_path):
    models.sequential(keras).save(tmp_path / "net.h5")
    code = (
        "import os; from pathlib import Path; from cnnviewer.networks.files.keras_file import open_file\n"
        f"open_file(Path({str(tmp_path / 'net.h5')!r})); assert 'KERAS_BACKEND' not in os.environ"
    )
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_h5py_that_is_missing_is_told(keras, tmp_path, monkeypatch):
    models.sequential(keras).save(tmp_path / "net.keras")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(NetworkError, match=r'pip install "cnnviewer\[keras\]"'):
        open_file(tmp_path / "net.keras")


def test_nan_weights_open(keras, tmp_path):
    model = models.sequential(keras)
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    model.save(tmp_path / "net.keras")
    with torch.no_grad():
        assert open_file(tmp_path / "net.keras").module(torch.rand(1, 1, 16, 16)).isnan().all()


@pytest.mark.parametrize("is_normalised", [False, True])
def test_layers_that_scale_the_image_tell_how_it_is_wanted(keras, tmp_path, is_normalised):
    layers = keras.layers
    scaling = [layers.Rescaling(1 / 127.5, offset=-1)]
    if is_normalised:
        own = layers.Normalization(mean=[0.485, 0.456, 0.406], variance=[0.052441, 0.050176, 0.050625])
        scaling = [layers.Rescaling(1 / 255), own]
    parts = [keras.Input((32, 32, 3)), *scaling, layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(5)]
    keras.Sequential(parts).save(tmp_path / "net.keras")
    network = cnnviewer.load_network(tmp_path / "net.keras")
    assert (network.preprocessing.divisor, network.preprocessing.mean) == (1, (0.0,) * 3)
    told = next(reason.text for reason in network.guessed if reason.what == "mean")
    assert "The network scales the image itself" in told


def test_it_has_the_bits_of_keras(keras, tmp_path):
    """Else rounding, which a deep network with random weights multiplies, ends as large as the outputs."""
    layers = keras.layers
    block = [layer for _ in range(6) for layer in (layers.Conv2D(24, 3, padding="same"), layers.Activation("silu"))]
    model = keras.Sequential([keras.Input((32, 32, 3)), *block, layers.GlobalAveragePooling2D(), layers.Dense(7)])
    model.save(tmp_path / "net.keras")
    image = torch.rand(1, 3, 32, 32)
    recording = cnnviewer.record(cnnviewer.from_module(open_file(tmp_path / "net.keras").module), image)
    np.testing.assert_array_equal(recording.layers[-1].output.numpy(), _expected(model, image))


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_sequence_is_built_at_once_and_not_anew_with_each_layer(keras, tmp_path, monkeypatch, ending):
    layers = keras.layers
    body = [layers.Conv2D(3, 3, padding="same", name=f"c{number}") for number in range(30)]
    model = keras.Sequential([keras.Input((8, 8, 3)), *body, layers.GlobalAveragePooling2D()])
    model.save(tmp_path / f"net{ending}")
    called = []
    call = layers.Conv2D.__call__
    monkeypatch.setattr(
        layers.Conv2D, "__call__", lambda self, *args, **kwargs: called.append(self.name) or call(self, *args, **kwargs)
    )
    module = open_file(tmp_path / f"net{ending}").module
    assert len(called) <= 5 * len(body)  # without memory, with it, and to compare; they were 2 * 30 * 30 / 2
    image = torch.rand(1, 3, 8, 8)
    expected = model(image.permute(0, 2, 3, 1)).detach()
    assert torch.allclose(module(image), expected, rtol=1e-4, atol=1e-5)
