"""Files of Keras give what Keras gives, without Keras; what they would run is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
import torch

import cnnviewer
from cnnviewer.errors import CnnviewerError, NetworkError
from cnnviewer.networks.files.formats import KERAS, format_of
from cnnviewer.networks.files.keras_file import open_file

if TYPE_CHECKING:
    from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


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


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("make", [_functional, _sequential, _shared])
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
    np.testing.assert_allclose(recording.scores.numpy(), wanted[0], rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


def test_layers_have_the_names_of_keras(keras, tmp_path):
    keras.backend.clear_session()
    _functional(keras).save(tmp_path / "net.keras")
    opened = open_file(tmp_path / "net.keras")
    assert opened.hints.name == "tiny"
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), torch.rand(1, 3, 24, 20))
    assert recording["norm"].kind == "normalisation"
    assert recording["skip"].inputs == ("first.relu", "conv2d")
    assert recording["both"].kind == "concatenation"
    assert recording["scores.softmax"].shape == (5,)
    assert set(recording["scores.dense"].parameters) == {"weight", "bias"}
    assert all(layer.kind != "other" for layer in recording.layers)


def test_average_pooling_counts_no_padding(keras, tmp_path):
    """As Keras does on TensorFlow and JAX; on torch it repeats the edge where one side gets more padding."""
    keras.Sequential([keras.Input((4, 4, 1)), keras.layers.AveragePooling2D(3, 2, padding="same")]).save(
        tmp_path / "net.keras"
    )
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    wanted = [[image[0, 0, row : row + 3, column : column + 3].mean() for column in (0, 2)] for row in (0, 2)]
    assert torch.allclose(open_file(tmp_path / "net.keras").module(image)[0, 0], torch.tensor(wanted))


def test_keras_itself_is_not_imported(keras, tmp_path):
    _sequential(keras).save(tmp_path / "net.keras")
    code = (
        "import sys; from pathlib import Path; from cnnviewer.networks.files.keras_file import open_file\n"
        f"open_file(Path({str(tmp_path / 'net.keras')!r})); assert not {{'keras', 'tensorflow'}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


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
    with pytest.raises(NetworkError, match="layers that are not known here: Lambda"):
        open_file(tmp_path / f"net{ending}")
    assert not victim.exists()


def test_classes_of_its_own_are_refused_by_name(keras, tmp_path):
    @keras.saving.register_keras_serializable("mine")
    class Twice(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    keras.Sequential([keras.Input((8, 8, 3)), Twice()]).save(tmp_path / "net.keras")
    with pytest.raises(NetworkError, match=r"not known here: .*Twice"):
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
    with pytest.raises(NetworkError, match=f"not known here: {name}"):
        open_file(path)


def test_an_activation_of_its_own_is_refused(saved, tmp_path):
    own = {"module": "builtins", "class_name": "function", "config": "system", "registered_name": "system"}
    path = _changed(
        saved,
        tmp_path / "e.keras",
        lambda config: config.replace('"activation": "relu"', f'"activation": {json.dumps(own)}'),
    )
    with pytest.raises(NetworkError, match="The layer 'first' can't be built here: an activation of its own"):
        open_file(path)


def test_units_that_cannot_be_true_take_no_memory(saved, tmp_path):
    """A layer is as large as its weights are, whatever its configuration says."""
    path = _changed(
        saved, tmp_path / "big.keras", lambda config: config.replace('"units": 5', '"units": 1000000000000')
    )
    assert open_file(path).module.scores.dense.out_features == 5


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
        lambda config: config.replace("channels_last", "channels_first"),
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
