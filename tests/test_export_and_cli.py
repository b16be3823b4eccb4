"""The files that ``cnnviewer record`` writes, and what the command line says of bad input."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import cnnviewer
from answering import answering
from cnnviewer.analysis.cost import multiply_adds
from cnnviewer.cli import main
from cnnviewer.errors import CnnviewerError
from cnnviewer.export import write_recording
from cnnviewer.rendering.mosaic import render
from cnnviewer.resources import resource

torch.set_num_threads(1)

DIGIT = resource("samples", "digit-7.png")


def strict_json(path):
    """Read JSON as the standard has it: no NaN, no Infinity."""

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def noise(seed=1, size=8):
    return torch.randn((1, 3, size, size), generator=torch.Generator().manual_seed(seed))


# ---- what is written


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "new" / "folder"
    assert main(["record", str(DIGIT), "--network", "lenet5", "--out", str(folder), "--arrays"]) == 0
    return folder, cnnviewer.record(cnnviewer.load_network("lenet5"), DIGIT)


def test_layers_json(written):
    folder, recording = written
    told = strict_json(folder / "layers.json")
    assert told["network"] == "lenet5"
    assert told["image"] == "digit-7.png"
    assert told["input_shape"] == [1, 32, 32]
    assert told["parameters"] == recording.network.parameter_count
    assert told["activation_bytes"] == recording.nbytes
    assert told["multiply_adds"] == sum(multiply_adds(layer, recording) for layer in recording.layers)
    assert len(told["layers"]) == len(recording.layers)
    for entry, layer in zip(told["layers"], recording.layers, strict=True):
        assert entry["name"] == layer.name
        assert entry["kind"] == layer.kind.value
        assert entry["inputs"] == list(layer.inputs)
        assert entry["feeds"] == list(recording.followers[layer.name])
        assert entry["shape"] == list(layer.shape)
        assert entry["dtype"] == "float32"
        values = layer.output.double().numpy()
        statistics = entry["statistics"]
        assert statistics["minimum"] == values.min()
        assert statistics["maximum"] == values.max()
        assert statistics["mean"] == pytest.approx(values.mean(), rel=1e-4, abs=1e-6)
        assert statistics["zero_share"] == pytest.approx((values == 0).mean(), abs=1e-6)
        assert statistics["not_finite"] == 0
        dead = sum(not one.any() for one in values) if values.ndim == 3 else int(not values.any())
        assert statistics["dead_maps"] == dead


def test_a_network_that_diverged_names_no_class(tmp_path, capsys):
    weights = cnnviewer.load_network("lenet5").module.state_dict()
    torch.save({name: torch.full_like(value, torch.nan) for name, value in weights.items()}, tmp_path / "diverged.pth")
    words = ["--network", "lenet5", "--weights", str(tmp_path / "diverged.pth"), "--out", str(tmp_path / "out")]
    assert main(["record", str(DIGIT), *words]) == 0
    assert "The probabilities are no numbers (NaN)" in capsys.readouterr().out


def test_probabilities_json(written):
    folder, recording = written
    told = strict_json(folder / "probabilities.json")
    found = [(entry["category"], entry["probability"]) for entry in told["classes"]]
    assert found == recording.top(10)
    assert found[0][0] == "7"
    assert sum(probability for _, probability in found) == pytest.approx(1, abs=1e-6)


def test_a_picture_a_layer(written):
    folder, recording = written
    names = [entry["picture"] for entry in strict_json(folder / "layers.json")["layers"]]
    assert sorted(path.name for path in folder.glob("*.png")) == sorted(names)
    assert len(set(names)) == len(recording.layers)
    for index, (name, layer) in enumerate(zip(names, recording.layers, strict=True)):
        assert name == f"{index:03d}-{layer.name}.png"
        with Image.open(folder / name) as picture:
            assert np.array_equal(np.asarray(picture), render(layer))


def test_arrays_equal_the_recording(written):
    folder, recording = written
    with np.load(folder / "arrays.npz") as arrays:
        assert set(arrays.files) == {layer.name for layer in recording.layers}
        for layer in recording.layers:
            assert np.array_equal(arrays[layer.name], layer.output.numpy())
            assert arrays[layer.name].dtype == np.float32


def test_arrays_only_where_asked_for(tmp_path, capsys):
    assert main(["record", str(DIGIT), "--network", "lenet5", "--weights", "random", "--out", str(tmp_path)]) == 0
    assert not (tmp_path / "arrays.npz").exists()
    assert "random" in strict_json(tmp_path / "layers.json")["provenance"]
    told = capsys.readouterr()
    assert told.err == ""
    assert f"layers in {tmp_path}: " in told.out


def test_weights_from_a_file(tmp_path):
    network = cnnviewer.load_network("lenet5", weights=None)
    torch.save(network.module.state_dict(), tmp_path / "mine.pth")
    words = ["record", str(DIGIT), "--network", "lenet5", "--weights", str(tmp_path / "mine.pth"), "--arrays"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    recording = cnnviewer.record(network, DIGIT)
    with np.load(tmp_path / "out" / "arrays.npz") as arrays:
        assert np.array_equal(arrays[recording.layers[-1].name], recording.layers[-1].output.numpy())


class Branch(nn.Module):
    """A module with a name of the test's choice."""

    def __init__(self, name, operation):
        super().__init__()
        self.add_module(name, nn.Conv2d(3, 4, 3))
        self.name, self.operation = name, operation

    def forward(self, x):
        return self.operation(getattr(self, self.name)(x))


def branch(operation, name="conv"):
    torch.manual_seed(0)
    return cnnviewer.record(cnnviewer.from_module(Branch(name, operation)), noise())


def test_values_that_are_not_finite(tmp_path):
    recording = branch(lambda h: (h * 0).log().where(h > 0, h))
    write_recording(recording, tmp_path, "noise", arrays=True)
    statistics = strict_json(tmp_path / "layers.json")["layers"][-1]["statistics"]
    output = recording.layers[-1].output
    assert statistics["not_finite"] == int((~output.isfinite()).sum()) > 0
    assert statistics["minimum"] == float(output[output.isfinite()].min())
    assert statistics["maximum"] == float(output[output.isfinite()].max())


def test_no_finite_value_at_all_has_no_range(tmp_path):
    recording = branch(lambda h: (h * 0).log() - (h * 0).log())
    write_recording(recording, tmp_path, "noise")
    entry = strict_json(tmp_path / "layers.json")["layers"][-1]
    assert entry["statistics"]["not_finite"] == recording.layers[-1].output.numel()
    assert entry["statistics"]["minimum"] is None
    assert entry["statistics"]["mean"] is None


def test_probabilities_that_are_not_finite_are_json(tmp_path):
    recording = cnnviewer.record(answering(lambda net, y: net.five(y) * float("nan")), noise())
    write_recording(recording, tmp_path, "noise")
    assert len(strict_json(tmp_path / "probabilities.json")["classes"]) == 5


@pytest.mark.parametrize(
    ("answer", "returns", "classes", "values"),
    [
        (lambda net, y: net.five(y).sigmoid(), "multi-label", 5, 0),
        (lambda net, y: net.one(y), "binary", 2, 0),
        (lambda net, y: net.four(y).tanh(), "values", 0, 4),
        (lambda net, y: y, "features", 0, 0),
    ],
)
def test_what_is_returned_is_written_with_the_reason(tmp_path, answer, returns, classes, values):
    write_recording(cnnviewer.record(answering(answer), noise()), tmp_path, "noise")
    told = strict_json(tmp_path / "probabilities.json")
    assert (told["returns"], len(told["classes"]), len(told["values"])) == (returns, classes, values)
    assert told["reason"].startswith("Its last operation")


def test_settings_that_are_not_finite_are_json(tmp_path):
    recording = branch(lambda h: h.clamp(min=0.0, max=float("inf")))
    write_recording(recording, tmp_path, "noise")
    strict_json(tmp_path / "layers.json")


def test_an_empty_output(tmp_path):
    recording = branch(lambda h: (h[:, :0], h.mean((2, 3)))[1])
    write_recording(recording, tmp_path, "noise", arrays=True)
    statistics = strict_json(tmp_path / "layers.json")["layers"][1]["statistics"]
    assert statistics["minimum"] is None


def test_a_layer_named_file(tmp_path):
    recording = branch(lambda h: h.relu(), name="file")
    write_recording(recording, tmp_path, "noise", arrays=True)
    with np.load(tmp_path / "arrays.npz") as arrays:
        assert np.array_equal(arrays["file"], recording["file"].output.numpy())


def test_half_precision(tmp_path):
    recording = branch(lambda h: h.to(torch.bfloat16).float())
    write_recording(recording, tmp_path, "noise", arrays=True)
    assert (tmp_path / "arrays.npz").exists()


def test_names_with_odd_characters(tmp_path):
    recording = branch(lambda h: h.relu(), name='a/b:c*"?')
    write_recording(recording, tmp_path, "noise")
    assert (tmp_path / "000-a_b_c___.png").exists()


def test_other_numbers_than_floats(tmp_path):
    recording = branch(lambda h: (h > 0).long().sum(1).argmax(2))
    write_recording(recording, tmp_path, "noise", arrays=True)
    assert {entry["dtype"] for entry in strict_json(tmp_path / "layers.json")["layers"]} >= {"bool", "int64"}


def test_a_recording_without_scores(tmp_path):
    write_recording(branch(lambda h: h.relu()), tmp_path, "noise")
    assert strict_json(tmp_path / "probabilities.json")["classes"] == []
    (output,) = strict_json(tmp_path / "layers.json")["outputs"]
    assert (output["name"], output["layer"]) == ("", "relu")


def test_maps_of_channels_that_stand_last_are_told_and_painted(tmp_path):
    recording = branch(lambda h: h.relu().permute(0, 2, 3, 1))
    write_recording(recording, tmp_path, "noise")
    entry = strict_json(tmp_path / "layers.json")["layers"][-1]
    channels, rows, columns = recording.layers[0].shape
    assert entry["shape"] == [rows, columns, channels]
    assert entry["maps"] == [channels, rows, columns]
    assert np.array_equal(render(recording.layers[-1]), render(recording["relu"]))


def test_a_folder_that_is_a_file(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("x")
    for folder in (blocked, blocked / "deeper"):
        with pytest.raises(CnnviewerError, match="could not be written to"):
            write_recording(branch(lambda h: h.relu()), folder, "noise")


# ---- bad input on the command line


@pytest.fixture
def refused(capsys):
    """Run the command line, which must end with 2 and one line; return the line."""

    def run(*words):
        assert main([str(word) for word in words]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1
        assert told.err.endswith("\n")
        assert told.err.startswith("cnnviewer: ")
        assert "Traceback" not in told.err
        return told.err

    return run


def test_a_missing_image(refused, tmp_path):
    missing = tmp_path / "missing.jpg"
    assert f"There is no file or folder {missing}." in refused("record", missing, "--out", tmp_path)
    assert f"There is no file or folder {missing}." in refused(missing)
    assert not list(tmp_path.iterdir())


def test_a_folder_without_images(refused, tmp_path):
    assert "no images" in refused(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "x" * 5000,
        "a\0b",
    ],
    ids=["long", "nul"],
)
def test_a_path_that_no_file_can_have(refused, tmp_path, name):
    refused("record", name, "--out", tmp_path)


def test_text_named_as_an_image(refused, tmp_path):
    text = tmp_path / "text.jpg"
    text.write_text("These are words.")
    line = refused("record", text, "--network", "lenet5", "--out", tmp_path / "out")
    assert "text.jpg is no image" in line
    assert not (tmp_path / "out").exists()


def test_an_empty_file_and_a_folder(refused, tmp_path):
    empty = tmp_path / "empty.png"
    empty.touch()
    assert "empty.png is empty" in refused("record", empty, "--network", "lenet5", "--out", tmp_path / "out")
    assert "is a folder" in refused("record", tmp_path, "--network", "lenet5", "--out", tmp_path / "out")


def test_an_unknown_network(refused, tmp_path):
    line = refused("record", DIGIT, "--network", "alexnet2", "--out", tmp_path)
    assert "There is no network 'alexnet2'" in line
    assert "alexnet" in line.split("Did you mean")[1]
    assert "Did you mean lenet5" in refused("--network", "lenet")


def test_a_file_of_a_network_that_is_not_there(refused, tmp_path):
    line = refused("record", DIGIT, "--network", tmp_path / "net.onnx", "--out", tmp_path / "out")
    assert f"There is no file {tmp_path / 'net.onnx'}" in line


def test_code_needs_leave_on_the_command_line(refused, tmp_path, capsys):
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(2 * 26 * 26, 10)).eval()
    torch.export.save(torch.export.export(module, (torch.zeros(1, 1, 28, 28),)), tmp_path / "net.pt2")
    words = ["record", str(DIGIT), "--network", str(tmp_path / "net.pt2"), "--out", str(tmp_path / "out")]
    assert "--allow-code" in refused(*words)
    assert main([*words, "--allow-code"]) == 0
    (tmp_path / "own.py").write_text("import torch\n\ndef make():\n    return torch.nn.Conv2d(1, 2, 3)\n")
    words[3] = f"{tmp_path / 'own.py'}:make"  # named to be run
    assert main(words) == 0
    assert "1 layers" in capsys.readouterr().out


def test_a_file_of_a_network_is_painted_without_a_screen(refused, tmp_path):
    torch.save(cnnviewer.load_network("lenet5").module.state_dict(), tmp_path / "own.pth")
    picture = tmp_path / "window.png"
    words = [sys.executable, "-m", "cnnviewer", str(tmp_path / "own.pth"), str(DIGIT), "--screenshot", str(picture)]
    subprocess.run(words, check=True, capture_output=True)
    assert picture.stat().st_size > 10_000
    done = subprocess.run([*words, "--weights", "random"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "own.pth has weights of its own" in done.stderr
    assert "One network is shown at a time" in refused(tmp_path / "own.pth", "--network", "lenet5")


def test_a_reader_that_goes_is_no_error():
    command = f"{sys.executable} -m cnnviewer networks --all | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("name")
    assert done.stderr == ""


def test_weights_that_do_not_fit(refused, tmp_path):
    wrong = tmp_path / "wrong.pth"
    torch.save({"layer.weight": torch.zeros(2, 2)}, wrong)
    words = ("record", DIGIT, "--network", "lenet5", "--out", tmp_path / "out", "--weights")
    assert "wrong.pth does not fit lenet5" in refused(*words, wrong)
    text = tmp_path / "text.pth"
    text.write_text("words")
    assert "text.pth" in refused(*words, text)
    assert "no weights file" in refused(*words, tmp_path / "missing.pth")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_can_not_be_written(refused, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, no folder")
    for out in (blocked, blocked / "deeper"):
        line = refused("record", DIGIT, "--network", "lenet5", "--out", out)
        assert f"could not be written to {out}" in line


def test_a_screenshot_into_no_folder(refused, tmp_path):
    assert "does not exist" in refused("--screenshot", tmp_path / "none" / "window.png")


@pytest.mark.parametrize("size", ["big", "10", "0x10", "10x", "-5x5", "99999x5"])
def test_a_size_that_is_none(size, capsys):
    with pytest.raises(SystemExit) as ended:
        main([f"--size={size}"])
    assert ended.value.code == 2
    assert "a size is WIDTHxHEIGHT" in capsys.readouterr().err


def test_the_networks_are_listed(capsys):
    assert main(["networks"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "bundled: efficientnet-lite0, lenet5, fashion-cnn"
    assert lines[1].startswith("torchvision: alexnet, ")
    assert lines[2].startswith("untrained: tiny-vgg, resnet20")


def test_the_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == f"cnnviewer {cnnviewer.__version__}"


# ---- what is imported

HEAVY = ("torch", "torchvision", "timm", "PySide6", "numpy", "PIL")


@pytest.mark.parametrize(
    "code",
    [
        "import cnnviewer",
        "import cnnviewer.cli",
        "import cnnviewer; dir(cnnviewer)",
        "import cnnviewer.messages",
        "from cnnviewer.cli import main; main(['networks'])",
        "from cnnviewer.cli import main; main(['record', 'missing.png', '--out', 'x'])",
        "import cnnviewer; cnnviewer.list_networks()",
    ],
)
def test_nothing_heavy_is_imported(code, tmp_path):
    listing = f"import sys; print('heavy:', [m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{listing}"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_recording_needs_no_qt(tmp_path):
    code = (
        "import sys, cnnviewer\n"
        f"cnnviewer.render(cnnviewer.record(cnnviewer.load_network('lenet5'), {str(DIGIT)!r}).layers[0])\n"
        "print([m for m in sys.modules if m.startswith(('PySide6', 'shiboken'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "[]"


def test_the_module_is_a_program(tmp_path):
    words = [sys.executable, "-m", "cnnviewer", "record", "missing.png", "--out", "x"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "cnnviewer: There is no file or folder missing.png. Check the path.\n"


def test_the_headless_names_are_there():
    for name in cnnviewer.__all__:
        assert getattr(cnnviewer, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = cnnviewer.nothing


# ---- names and consoles


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_letters_that_a_console_does_not_know_end_nothing(tmp_path, encoding):
    words = ["record", str(DIGIT), "--network", "lenet5", "--out", str(tmp_path / "目录")]
    done = subprocess.run(
        [sys.executable, "-m", "cnnviewer", *words],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert done.returncode == 0, done.stderr
    assert b"\\u76ee\\u5f55: 7" in done.stdout
    assert not done.stderr
    assert (tmp_path / "目录" / "layers.json").exists()


def test_a_name_that_is_no_utf_8(tmp_path, capsys):
    photo, out = (tmp_path / os.fsdecode(name) for name in (b"caf\xe9.png", b"o\xf9"))
    try:
        shutil.copy(DIGIT, photo)
    except OSError:
        pytest.skip("this system has no such names")
    assert main(["record", str(photo), "--network", "lenet5", "--out", str(out)]) == 0
    assert "12 layers in" in capsys.readouterr().out
    told = json.loads((out / "layers.json").read_text(encoding="utf-8"))
    assert told["image"] == photo.name
    assert main([str(tmp_path / os.fsdecode(b"gone\xe9.png"))]) == 2
    assert "There is no file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("nn.Sigmoid()", "label "),
        ("nn.Tanh()", "value 0 "),
        ("nn.BatchNorm1d(3)", "no class probabilities: it returns 3"),
        ("nn.Softmax(1)", "class "),
    ],
)
def test_the_command_tells_what_is_returned_and_what_was_guessed(tmp_path, capsys, end, told):
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\n\ndef make():\n"
        f"    return nn.Sequential(nn.Conv2d(1, 4, 28), nn.Flatten(), nn.Linear(4, 3), {end})\n"
    )
    words = ["record", str(DIGIT), "--network", f"{tmp_path / 'net.py'}:make", "--allow-code"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    first, second = capsys.readouterr().out.splitlines()[:2]
    assert f": {told}" in first
    assert second.startswith("What is not told of the network was guessed (size, mean, returns)")
