"""Files of Keras that would run something, or are damaged, are refused with a sentence."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import h5py
import pytest
from keras_models import functional, sequential

from cnnviewer.errors import Cancelled, CnnviewerError, NetworkError
from cnnviewer.networks.files.keras_file import open_file

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")


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
    functional(keras).save(tmp_path / "net.keras")
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
    with pytest.raises(NetworkError, match="nested too deeply, or has too many layers in a row, to be read as"):
        open_file(_changed(saved, tmp_path / "deep.keras", lambda config: _nested(200)))


def test_hdf5_that_points_elsewhere_is_refused(keras, tmp_path):
    sequential(keras).save(tmp_path / "net.h5")
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
    sequential(keras).save(tmp_path / "net.h5")
    with h5py.File(tmp_path / "net.h5", "r+") as file:
        file.create_dataset("model_weights/huge", (10**6, 10**6), "float32", chunks=(100, 100), compression="gzip")
    with pytest.raises(NetworkError, match="its weights would take 4,000,000,"):
        open_file(tmp_path / "net.h5")


def test_weights_without_a_network_are_told(keras, tmp_path):
    sequential(keras).save_weights(tmp_path / "net.weights.h5")
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
    sequential(keras).save(tmp_path / f"net{ending}")
    content = (tmp_path / f"net{ending}").read_bytes()
    path, size = tmp_path / f"cut{ending}", len(content)
    for place in [9, 60, 200, *(size * part // 15 for part in range(1, 15)), size - 1]:
        for changed in (content[:place], content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]):
            path.write_bytes(changed)
            try:
                open_file(path)
            except CnnviewerError as error:
                assert path.name in str(error)  # noqa: PT017


@pytest.mark.parametrize("values", ['{"a": [' + "[]," * 2_000_001 + "[]]}", "{" + '"a":1,' * 1_000_001 + '"a":1}'])
def test_a_configuration_of_too_many_values_is_refused_before_it_is_read(saved, tmp_path, values):
    path = _changed(saved, tmp_path / "wide.keras", lambda config: values)
    with pytest.raises(NetworkError, match=r"config\.json in it has over 2,000,000 values"):
        open_file(path)


def test_more_layers_than_can_be_shown_are_refused(saved, tmp_path):
    def longer(config: str) -> str:
        found = json.loads(config)
        found["config"]["layers"] += found["config"]["layers"][-1:] * 5_000
        return json.dumps(found)

    with pytest.raises(NetworkError, match=r"has 5,\d{3} layers, and more than 5,000 can't be shown"):
        open_file(_changed(saved, tmp_path / "long.keras", longer))


def test_more_parts_than_a_network_has_are_refused(keras, tmp_path):
    sequential(keras).save(tmp_path / "net.h5")
    with h5py.File(tmp_path / "net.h5", "r+") as file:
        for number in range(50_001):
            file["model_weights"].create_group(f"g{number}")
    with pytest.raises(NetworkError, match="has over 50,000 groups and arrays"):
        open_file(tmp_path / "net.h5")


def test_it_can_be_cancelled_while_keras_builds_the_network(saved):
    told = []

    def stop(done, total, text):
        told.append(text)
        if text.startswith("Building"):
            raise Cancelled(text)

    with pytest.raises(Cancelled):
        open_file(saved, stop)
    assert told == ["Starting Keras", "Building net.keras"]
