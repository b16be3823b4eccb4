"""Files of Keras give what Keras gives; what they would run is refused."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
import torch

import cnnviewer
from cnnviewer.errors import CnnviewerError, NetworkError
from cnnviewer.networks.files.formats import KERAS, format_of
from cnnviewer.networks.files.keras_file import open_file
from cnnviewer.recorder import Recorder

if TYPE_CHECKING:
    from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@pytest.fixture(autouse=True)
def _same_images():
    """Draw the same images in each run: rounding shows in networks with random weights."""
    torch.manual_seed(0)


def _random(model):
    """Give a model weights that are not alike, so that no wrong order goes unseen."""
    draw = np.random.default_rng(0)
    model.set_weights(
        [
            (draw.uniform(0.5, 1.5, weight.shape) if weight.ndim == 1 else draw.normal(0, 0.3, weight.shape)).astype(
                weight.dtype
            )
            for weight in model.get_weights()
        ]
    )
    return model


def _functional(keras):
    layers = keras.layers
    image = keras.Input((24, 20, 3), name="photo")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(image)
    x = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])(x)
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="first")(x)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x)
    y = layers.BatchNormalization(name="norm")(y)
    y = layers.Activation("swish")(y)
    y = layers.Conv2D(8, 1, use_bias=False)(y)
    x = layers.Add(name="skip")([x, y])
    z = layers.GlobalAveragePooling2D()(x)
    z = layers.Reshape((1, 1, 8))(z)
    z = layers.Conv2D(8, 1, activation="sigmoid")(z)
    x = layers.Multiply()([x, z])
    x = layers.Concatenate(name="both")([x, layers.ReLU(max_value=6)(x)])
    x = layers.SeparableConv2D(8, 3, padding="same", strides=2)(x)
    x = layers.ZeroPadding2D(((0, 1), (2, 0)))(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.LayerNormalization()(x)
    x = layers.Dense(6, activation="gelu")(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.AveragePooling2D(2, padding="same")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Flatten(name="flat")(x)
    return _random(keras.Model(image, layers.Dense(5, activation="softmax", name="scores")(x), name="tiny"))


def _sequential(keras):
    layers = keras.layers
    block = keras.Sequential([layers.Conv2D(4, 3, name="q"), layers.Conv2D(4, 3), layers.LeakyReLU()], name="block")
    return _random(
        keras.Sequential(
            [keras.Input((16, 16, 1)), block, layers.AveragePooling2D(3, 2), layers.Flatten(), layers.Dense(3)]
        )
    )


def _shared(keras):
    """A layer that is called twice, and a model within a model."""
    layers = keras.layers
    image = keras.Input((8, 8, 3))
    conv = layers.Conv2D(3, 3, padding="same", name="twice")
    inner_image = keras.Input((8, 8, 3))
    inner = keras.Model(inner_image, layers.Conv2D(3, 1)(layers.BatchNormalization()(inner_image)), name="inner")
    x = layers.Average()([conv(image), conv(conv(image)), inner(image)])
    return _random(keras.Model(image, layers.GlobalMaxPooling2D()(layers.Conv2D(4, 2)(x))))


def _augmented(keras):
    """Layers that vary photos, which they do not where nothing is trained, and one without weights in front."""
    layers = keras.layers
    return _random(
        keras.Sequential(
            [
                keras.Input((16, 16, 3)),
                layers.Resizing(14, 14),
                layers.CenterCrop(12, 12),
                layers.RandomFlip(),
                layers.RandomRotation(0.2),
                layers.GaussianNoise(0.2),
                layers.Conv2D(4, 3),
                layers.Flatten(),
                layers.Dense(3),
            ]
        )
    )


def _transformer(keras):
    layers = keras.layers
    image = keras.Input((16, 16, 3))
    x = layers.Reshape((16, 8))(layers.Conv2D(8, 4, strides=4)(image))
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    return _random(keras.Model(image, layers.Dense(3)(keras.ops.mean(x, axis=1))))


def _gated(keras):
    """A gate ``(1, 1, C)`` that no turn made, an axis that is not that of channels, a map as the output."""
    layers = keras.layers
    image = keras.Input((12, 10, 3))
    x = layers.Conv2D(4, 3, padding="same", dilation_rate=2, kernel_regularizer="l2")(image)
    x *= layers.Reshape((1, 1, 4))(layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D()(x)))
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(layers.Permute((2, 1, 3))(x))
    x = layers.Concatenate(axis=1)([x, layers.Cropping2D(((0, 0), (0, 0)))(x)])
    x = layers.Maximum()([x, layers.Subtract()([x, layers.Softmax()(x)])])
    return _random(keras.Model(image, layers.Conv2D(2, 1)(layers.ZeroPadding2D((1, 2))(x))))


_ANY = [_functional, _sequential, _shared, _augmented]


@pytest.mark.parametrize(
    ("make", "ending"),
    # Keras itself can't read operators between layers back from HDF5.
    [*((make, ending) for make in _ANY for ending in (".keras", ".h5")), (_transformer, ".keras"), (_gated, ".keras")],
)
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

    model = _functional(keras)
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
    model = _functional(keras)
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
    _sequential(keras).save(tmp_path / "net.keras")
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
    model = _random(keras.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=0.35, weights=None, classes=7))
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
    _sequential(keras).save(tmp_path / "net.keras")
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
    _sequential(keras).save(tmp_path / "net.h5")
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
    _sequential(keras).save(tmp_path / "net.keras")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(NetworkError, match=r'pip install "cnnviewer\[keras\]"'):
        open_file(tmp_path / "net.keras")


# ---- refusals


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_lambda_layers_are_refused_and_not_run(keras, tmp_path, ending):
    victim = tmp_path / "victim"
    layers = keras.layers

    def harm(x):
        open(victim, "w").close()  # noqa: PTH123
        return x

    image = keras.Input((8, 8, 3))
    model = keras.Model(image, layers.Lambda(harm, output_shape=(8, 8, 3))(image))
    victim.unlink(missing_ok=True)
    model.save(tmp_path / f"net{ending}")
    with pytest.raises(NetworkError, match=r"is refused: it has keras\.(layers\.)?Lambda"):
        open_file(tmp_path / f"net{ending}")
    assert not victim.exists()


def test_classes_of_its_own_are_refused_by_name(keras, tmp_path):
    @keras.saving.register_keras_serializable("mine")
    class Twice(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    keras.Sequential([keras.Input((8, 8, 3)), Twice()]).save(tmp_path / "net.keras")
    with pytest.raises(NetworkError, match=r"is refused: it has .*Twice"):
        open_file(tmp_path / "net.keras")


def _changed(source: Path, target: Path, change) -> Path:
    """Copy a .keras file with another configuration."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content.decode()) if name == "config.json" else content)
    return target


@pytest.fixture
def saved(keras, tmp_path) -> Path:
    _functional(keras).save(tmp_path / "net.keras")
    return tmp_path / "net.keras"


def _first_layer(config: str, **changes: object) -> str:
    found = json.loads(config)
    layer = next(layer for layer in found["config"]["layers"] if layer["class_name"] == "Conv2D")
    layer.update(changes)
    return json.dumps(found)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"module": "os", "class_name": "system"}, r"os\.system"),
        ({"module": "keras.src.utils.file_utils", "class_name": "get_file"}, "get_file"),
        ({"module": "kerasevil", "class_name": "Conv2D"}, r"kerasevil\.Conv2D"),
        ({"registered_name": "evil>Conv2D"}, r"keras\.layers\.Conv2D"),
        ({"module": "builtins", "class_name": "eval"}, r"builtins\.eval"),
        ({"class_name": "TFSMLayer"}, "TFSMLayer"),
        ({"class_name": "StringLookup"}, "StringLookup"),
        ({"class_name": "TorchModuleWrapper"}, "TorchModuleWrapper"),
    ],
)
def test_a_configuration_that_names_code_is_refused(saved, tmp_path, changes, name):
    path = _changed(saved, tmp_path / "evil.keras", lambda config: _first_layer(config, **changes))
    with pytest.raises(NetworkError, match=f"is refused: it has .*{name}"):
        open_file(path)


def test_an_activation_of_its_own_is_refused(saved, tmp_path):
    own = {"module": "builtins", "class_name": "function", "config": "system", "registered_name": "system"}
    path = _changed(
        saved,
        tmp_path / "e.keras",
        lambda config: config.replace('"activation": "relu"', f'"activation": {json.dumps(own)}'),
    )
    with pytest.raises(NetworkError, match=r"it has builtins\.system"):
        open_file(path)


@pytest.mark.parametrize("kind", ["__lambda__", "__typespec__", "Lambda", "get_file"])
def test_code_is_found_however_deep_it_lies(saved, tmp_path, kind):
    hidden = json.dumps({"x": [[{"class_name": kind, "config": {"value": "4wEAAAA="}}]]})
    path = _changed(
        saved, tmp_path / "e.keras", lambda config: config.replace('"trainable": true', f'"trainable": {hidden}', 1)
    )
    with pytest.raises(NetworkError, match=kind):
        open_file(path)


@pytest.mark.parametrize("change", [('"units": 5', '"units": 1000000000000'), ('"size": [2, 2]', '"size": [99999, 9]')])
def test_sizes_that_cannot_be_true_take_no_memory(saved, tmp_path, change):
    path = _changed(saved, tmp_path / "big.keras", lambda config: config.replace(*change))
    with pytest.raises(NetworkError):
        open_file(path)


def test_maps_that_cannot_be_true_take_no_memory(keras, tmp_path):
    layers = keras.layers
    with keras.device("meta"):
        layer = layers.UpSampling2D(60_000)
        model = keras.Sequential([keras.Input((8, 8, 3)), layer, layers.GlobalAveragePooling2D()])
        model.save(tmp_path / "net.keras")
    with pytest.raises(NetworkError, match="would make 691,200,000,000 numbers"):
        open_file(tmp_path / "net.keras")


def test_other_files_in_the_archive_are_refused(saved, tmp_path):
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("assets/vocabulary.txt", "a")
    with pytest.raises(NetworkError, match=r"it holds assets/vocabulary\.txt"):
        open_file(saved)


def test_a_name_that_keras_does_not_know_is_told(saved):
    other = saved.rename(saved.with_suffix(".zip"))
    with pytest.raises(NetworkError, match=r"rename it to end in \.keras"):
        open_file(other)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: "{" * 100_000,
        lambda config: '{"a":' * 50_000 + "1" + "}" * 50_000,
        lambda config: "[]",
        lambda config: "{}",
        lambda config: '{"class_name": "Functional", "config": {"layers": [3, null]}}',
        lambda config: config.replace('"filters"', '"filter"').replace("[2, 2]", '"no"'),
        lambda config: config.replace("keras_history", "history"),
        lambda config: config.replace('"same"', '"causal"'),
        lambda config: config.replace('"batch_shape": [null, 24, 20, 3]', '"batch_shape": [null, 24]'),
    ],
)
def test_configurations_that_are_damaged_are_told(saved, tmp_path, change):
    with pytest.raises(NetworkError):
        open_file(_changed(saved, tmp_path / "bad.keras", change))


def _nested(depth: int) -> str:
    config: dict = {"class_name": "Conv2D", "config": {"name": "c"}}
    for _ in range(depth):
        config = {"class_name": "Sequential", "config": {"name": "s", "layers": [config]}}
    return json.dumps(config)


def test_models_nested_too_deeply_are_told(saved, tmp_path):
    with pytest.raises(NetworkError, match="nested too deeply"):
        open_file(_changed(saved, tmp_path / "deep.keras", lambda config: _nested(200)))


def test_hdf5_that_points_elsewhere_is_refused(keras, tmp_path):
    _sequential(keras).save(tmp_path / "net.h5")
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(4096))
    for number, spoil in enumerate([_external_link, _soft_link, _external_storage]):
        path = tmp_path / f"evil{number}.h5"
        path.write_bytes((tmp_path / "net.h5").read_bytes())
        with h5py.File(path, "r+") as file:
            spoil(file, secret)
        with pytest.raises(NetworkError, match=r"is refused: .* (points to another place|lie in another file)"):
            open_file(path)


def _external_link(file, secret):
    file["model_weights/link"] = h5py.ExternalLink(str(secret), "/weights")


def _soft_link(file, secret):
    file["model_weights/link"] = h5py.SoftLink("/model_weights")


def _external_storage(file, secret):
    file.create_dataset("model_weights/outside", (4,), "float32", external=[(str(secret), 0, 16)])


def test_hdf5_of_impossible_size_is_refused(keras, tmp_path):
    _sequential(keras).save(tmp_path / "net.h5")
    with h5py.File(tmp_path / "net.h5", "r+") as file:
        file.create_dataset("model_weights/huge", (10**6, 10**6), "float32", chunks=(100, 100), compression="gzip")
    with pytest.raises(NetworkError, match="its weights would take 4,000,000,"):
        open_file(tmp_path / "net.h5")


def test_weights_without_a_network_are_told(keras, tmp_path):
    _sequential(keras).save_weights(tmp_path / "net.weights.h5")
    with pytest.raises(NetworkError, match=r"holds weights of Keras without the network; save it whole"):
        open_file(tmp_path / "net.weights.h5")


def test_a_bomb_is_refused(saved, tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        with archive.open("model.weights.h5", "w") as entry:
            for _ in range(300):
                entry.write(bytes(1_000_000))
    with pytest.raises(NetworkError, match="its entries, unpacked, would take"):
        open_file(path)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_files_that_are_cut_or_changed_are_told(keras, tmp_path, ending):
    _sequential(keras).save(tmp_path / f"net{ending}")
    content = (tmp_path / f"net{ending}").read_bytes()
    path, size = tmp_path / f"cut{ending}", len(content)
    for place in [9, 60, 200, *(size * part // 15 for part in range(1, 15)), size - 1]:
        for changed in (content[:place], content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]):
            path.write_bytes(changed)
            try:
                open_file(path)
            except CnnviewerError as error:
                assert path.name in str(error)  # noqa: PT017


def test_nan_weights_open(keras, tmp_path):
    model = _sequential(keras)
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    model.save(tmp_path / "net.keras")
    with torch.no_grad():
        assert open_file(tmp_path / "net.keras").module(torch.rand(1, 1, 16, 16)).isnan().all()
