"""Files of Keras 2 give what Keras 2 gave.

``keras2.h5.gz`` was written by Keras 2.15 on TensorFlow: layers with slashes in their names, a frozen model within the
model, one layer called twice, attention, and functions of TensorFlow between the layers.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import h5py
import keras_models as models
import numpy as np
import pytest
import torch

import cnnviewer
from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.keras_file import open_file

pytestmark = pytest.mark.filterwarnings("ignore")

STORED = Path(__file__).with_name("keras2.h5.gz")
ANSWER = [0.2899734377861023, 0.04938679561018944, 0.4422149062156677, 0.0967545360326767, 0.12167030572891235]
"""What Keras 2.15 made of `IMAGE`."""
IMAGE = (np.arange(768).reshape(1, 16, 16, 3) * 37 % 256).astype("float32")


@pytest.fixture
def stored(keras, tmp_path) -> Path:
    path = tmp_path / "net.h5"
    path.write_bytes(gzip.decompress(STORED.read_bytes()))
    return path


def _first(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy())


def _changed(path: Path, change) -> Path:
    """Change the configuration in a file."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        file.attrs["model_config"] = json.dumps(change(config) or config)
        file.attrs["keras_version"] = "2.1.0"
    return path


def test_it_computes_what_keras_2_computed(stored):
    opened = open_file(stored)
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), _first(IMAGE))
    np.testing.assert_allclose(recording.layers[-1].output.numpy(), ANSWER, rtol=1e-4)
    assert {"stem_conv", "block.depthwise_conv2d", "attention", "scores"} <= {
        layer.module for layer in recording.layers
    }


def _sequential(keras):
    layers = keras.layers
    return models.with_random_weights(
        keras.Sequential(
            [
                keras.Input((20, 16, 3)),
                layers.Conv2D(4, 3, activation="relu"),
                layers.DepthwiseConv2D(3, padding="same"),
                layers.BatchNormalization(),
                layers.Conv2DTranspose(4, 3, strides=2),
                layers.SpatialDropout2D(0.2),
                layers.LeakyReLU(negative_slope=0.2),
                layers.Flatten(),
                layers.Dense(3),
            ]
        )
    )


def _as_of_keras_2(config):
    """Return a Sequential model as Keras 2 wrote it, in its oldest form: a list, without an input layer."""
    first, *layers = config["config"]["layers"]
    layers[0]["config"]["batch_input_shape"] = first["config"]["batch_shape"]
    for layer in layers:
        layer.pop("module", None), layer.pop("registered_name", None), layer.pop("build_config", None)
        settings = layer["config"]
        settings["dtype"] = {"class_name": "Policy", "config": {"name": "float32"}}
        for name in ("quantization_config", "lora_rank", "renorm", "synchronized"):
            settings.pop(name, None)
        if "Conv2D" in layer["class_name"]:
            settings["groups"] = 1
        if layer["class_name"] == "DepthwiseConv2D":
            settings |= {"kernel_initializer": {"class_name": "Zeros", "config": {}}, "kernel_constraint": None}
        if layer["class_name"] == "BatchNormalization":
            settings |= {"axis": [3], "renorm": False, "fused": None}
        if layer["class_name"] == "LeakyReLU":
            settings["alpha"] = settings.pop("negative_slope")
    return {"class_name": "Sequential", "config": layers}


def test_a_sequential_model_that_is_a_list_opens(keras, tmp_path):
    model = _sequential(keras)
    model.save(tmp_path / "net.h5")
    opened = open_file(_changed(tmp_path / "net.h5", _as_of_keras_2))
    assert opened.hints.shape == (3, 20, 16)
    images = np.random.default_rng(0).uniform(0, 1, (1, 20, 16, 3)).astype("float32")
    with torch.no_grad():
        found = opened.module(_first(images)).numpy()
    np.testing.assert_allclose(found, model.predict(images, verbose=0), rtol=1e-4, atol=1e-5)


def _layer(config, name):
    return next(layer for layer in config["config"]["layers"] if layer["name"] == name)


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("twice", {"dithering": 3}, r"its layer twice, a Conv2D, has dithering = 3, which Keras 3 does not know"),
        ("twice", {"activation": "hard_sigmoid"}, r"whose hard_sigmoid is another than that of Keras 3"),
        ("tf.concat", {"function": "io.read_file"}, r"calls tf\.io\.read_file between layers, which is not known"),
        ("twice", {"filters": "many"}, r"Keras 3\.[\d.]+ can't make its network"),
        ("twice", {"filters": 7}, r"Keras 3\.[\d.]+ can't make its network"),
    ],
)
def test_what_keras_3_has_not_is_told_by_name(stored, name, settings, sentence):
    path = _changed(stored, lambda config: _layer(config, name)["config"].update(settings))
    with pytest.raises(NetworkError, match=sentence) as caught:
        open_file(path)
    assert "damaged" not in str(caught.value)


def test_a_class_of_its_own_stays_refused(stored):
    own = {"module": "mine", "registered_name": "mine>Conv2D"}
    path = _changed(stored, lambda config: _layer(config, "twice").update(own))
    with pytest.raises(NetworkError, match=r"is refused: it has mine\.Conv2D"):
        open_file(path)
    path = _changed(stored, lambda config: _layer(config, "twice").update(class_name="Lambda", module="keras.layers"))
    with pytest.raises(NetworkError, match=r"is refused: it has keras\.layers\.Lambda"):
        open_file(path)


def test_hdf5_without_a_network_is_told_as_what_it_is(keras, tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["images"] = np.zeros((3, 4))
    with pytest.raises(NetworkError, match=r"data\.h5 is an HDF5 file without a network of Keras in it"):
        open_file(tmp_path / "data.h5")
    _sequential(keras).save_weights(tmp_path / "net.weights.h5")
    with pytest.raises(NetworkError, match="holds weights of Keras without the network"):
        open_file(tmp_path / "net.weights.h5")


def test_groups_that_lie_in_many_are_walked_once(keras, tmp_path):
    """Else a file of 30 groups, each twice in the one above, would take as long as 2 to the 30th."""
    with h5py.File(tmp_path / "net.h5", "w") as file:
        last = file.create_group("last")
        for level in range(30):
            above = file.create_group(f"level{level}")
            above["a"], above["b"] = last, last
            last = above
    with pytest.raises(NetworkError, match="without a network of Keras"):
        open_file(tmp_path / "net.h5")
