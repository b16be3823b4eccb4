"""Networks that a function of Python makes, and what goes wrong in someone's code."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import torch
from made_networks import image

import cnnviewer
from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.factory import factories_in, is_factory, open_factory

if TYPE_CHECKING:
    from pathlib import Path

FILE = '''
"""Networks."""
from dataclasses import dataclass

import torch
from helper import CLASSES
from torch import nn


@dataclass
class Size:
    width: int = 4


class Net(nn.Sequential):
    pass


def make(width=4, *, classes=CLASSES):
    return Net(nn.Conv2d(3, width, 3), nn.Flatten(), nn.Linear(width * 900, classes))


def whole():
    import cnnviewer
    return cnnviewer.from_module(make(), categories=["a", "b"], name="mine")


def needs(width):
    return make(width)


def number():
    return 3


def fails():
    values = {}
    return values["missing"]


def leaves():
    raise SystemExit(3)


def _private():
    pass
'''


@pytest.fixture
def file(tmp_path) -> Path:
    (tmp_path / "helper.py").write_text("CLASSES = 2\n")
    (tmp_path / "mynet.py").write_text(FILE)
    yield tmp_path / "mynet.py"
    sys.modules.pop("helper", None)


def test_a_module_from_a_file(file):
    opened = open_factory(f"{file}:make")
    assert not opened.module.training
    assert type(opened.module).__name__ == "Net"
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), image())
    assert [layer.kind for layer in recording.layers] == ["convolution", "reshape", "linear"]


def test_nothing_is_left_beside_the_file(file):
    paths, modules = list(sys.path), {name for name in sys.modules if "mynet" in name}
    open_factory(f"{file}:make")
    assert not list(file.parent.glob("**/__pycache__"))
    assert sys.path == paths
    assert {name for name in sys.modules if "mynet" in name} == modules


def test_a_whole_network_is_kept(file):
    opened = open_factory(f"{file}:whole")
    assert opened.network.name == "mine"
    assert opened.hints.categories == ("a", "b")
    assert opened.module is opened.network.module


def test_a_function_of_an_installed_package():
    opened = open_factory("torchvision.models:squeezenet1_1")
    assert type(opened.module).__name__ == "SqueezeNet"


def test_the_file_is_read_anew(file):
    assert open_factory(f"{file}:make").module[0].out_channels == 4
    file.write_text(FILE.replace("width=4, *", "width=6, *"))
    assert open_factory(f"{file}:make").module[0].out_channels == 6


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}:none", r"has no function 'none'"),
        ("{}:mak", r"Did you mean make\?"),
        ("{}:number", r"mynet\.py:number returned an object of type int\. It must return the network"),
        ("{}:fails", r"failed with KeyError: 'missing' \(mynet\.py, line 38\)"),
        ("{}:leaves", r"would end the program \(SystemExit: 3 \(mynet\.py, line 42\)\)"),
        ("{}:needs", r"wants width; a factory is called without arguments"),
        ("{}x.py:make", r"There is no file"),
        ("no_such_package.networks:make", r"There is no module 'no_such_package\.networks'"),
        ("torchvision.no_such:make", r"There is no module 'torchvision\.no_such'"),
    ],
)
def test_what_goes_wrong_is_a_sentence(file, text, sentence):
    with pytest.raises(NetworkError, match=sentence):
        open_factory(text.format(file))


def test_code_that_is_none_is_told_with_its_line(tmp_path):
    (tmp_path / "bad.py").write_text("a = 1\ndef make(:\n    pass\n")
    with pytest.raises(NetworkError, match=r"bad\.py is no Python: line 2: "):
        open_factory(f"{tmp_path / 'bad.py'}:make")
    with pytest.raises(NetworkError, match=r"bad\.py is no Python: line 2: "):
        factories_in(tmp_path / "bad.py")
    (tmp_path / "needs.py").write_text("import no_such_package\ndef make(): pass\n")
    with pytest.raises(NetworkError, match=r"needs the module 'no_such_package', which is not installed"):
        open_factory(f"{tmp_path / 'needs.py'}:make")
    (tmp_path / "deep.py").write_text("a = " + "(" * 500 + ")" * 500)
    with pytest.raises(NetworkError, match=r"deep\.py is no Python"):
        factories_in(tmp_path / "deep.py")
    (tmp_path / "binary.py").write_bytes(b"a = '\0'")
    with pytest.raises(NetworkError, match=r"binary\.py is no Python"):
        factories_in(tmp_path / "binary.py")


def test_functions_are_listed_without_running_the_file(tmp_path):
    (tmp_path / "net.py").write_text(FILE + f"\nopen({str(tmp_path / 'ran')!r}, 'w').close()\n")
    assert factories_in(tmp_path / "net.py") == ("make", "whole", "number", "fails", "leaves")
    assert not (tmp_path / "ran").exists()


def test_a_file_with_one_function_opens(made):
    assert isinstance(open_factory(f"{made['net.py']}:make").module, torch.nn.Conv2d)


def test_helpers_of_the_same_name_in_two_folders_are_two(tmp_path):
    import sys

    for width in (2, 5):
        folder = tmp_path / str(width)
        (folder / "parts").mkdir(parents=True)
        (folder / "helper_of_test.py").write_text(f"WIDTH = {width}\n")
        (folder / "parts" / "late.py").write_text(f"WIDTH = {width}\n")
        (folder / "net.py").write_text(
            "import torch\nfrom helper_of_test import WIDTH\n"
            "def make():\n    import parts.late\n    return torch.nn.Conv2d(WIDTH, parts.late.WIDTH, 1)\n"
        )
        path = list(sys.path)
        module = open_factory(f"{folder / 'net.py'}:make").module
        assert (module.in_channels, module.out_channels) == (width, width)
        assert sys.path == path
        assert not {"helper_of_test", "parts", "parts.late"} & set(sys.modules)


@pytest.mark.parametrize(
    "text",
    [
        "a.b:make",
        "networks:make",
        "mynet.py:make",
        "/tmp/x y/net.py:make",
        r"C:\nets\net.py:make",
        "C:/nets/net.py:make",
    ],
)
def test_factories_by_their_looks(text):
    assert is_factory(text)


@pytest.mark.parametrize(
    "text",
    [
        "resnet18",
        "timm/convnext_tiny.fb_in1k",
        r"C:\nets\net.pt",
        "C:/net.onnx",
        "net.py",
        "a.b:",
        ":make",
        "a b:c",
        "x:y.z",
        "",
    ],
)
def test_no_factories_by_their_looks(text):
    assert not is_factory(text)


def test_telling_factories_imports_no_torch(file):
    code = (
        "import sys; from pathlib import Path; from cnnviewer.networks.files.factory import factories_in, is_factory\n"
        f"is_factory('a:b'); factories_in(Path({str(file)!r})); assert not {{'torch', 'numpy'}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


ODD = """
import sys, types
from torch import nn

class Lazy(types.ModuleType):
    def __getattr__(self, name):
        return 7

class Failing(types.ModuleType):
    def __getattr__(self, name):
        raise RuntimeError(name)

for name, made in {"lazy": Lazy("lazy"), "failing": Failing("failing"), "none": None, "number": 3}.items():
    sys.modules[f"odd_{name}_of_test"] = made
path = types.ModuleType("path")
path.__path__, path.__file__ = 7, "\\0"
sys.modules["odd_path_of_test"] = path

class Trains(nn.Conv2d):
    def train(self, mode=True):
        super().train(mode)

def make():
    print("making")
    return Trains(3, 4, 3)
"""


def test_odd_modules_are_no_hindrance(tmp_path, capsys):
    """As packages leave them in `sys.modules` that load their parts late; and a ``train`` that returns nothing."""
    (tmp_path / "odd.py").write_text(ODD)
    try:
        opened = open_factory(f"{tmp_path / 'odd.py'}:make")
    finally:
        for name in [name for name in sys.modules if name.startswith("odd_") and name.endswith("_of_test")]:
            del sys.modules[name]
    assert isinstance(opened.module, torch.nn.Conv2d)
    assert not opened.module.training
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return nn.ReLU", r"returned the class ReLU itself, which was not called: ReLU\(\)"),
        ("return nn.ReLU(), 3", r"returned a tuple \(ReLU, int\), with a network in it"),
        ("return nn.Conv2d(3, 4, 3).state_dict()", r"returned weights without their network"),
        ("nn.ReLU()", r"returned nothing\. It must return the network"),
        ("return make", r"returned a function that was not called"),
        ("raise BaseException('odd')", r"failed with BaseException: odd \(net\.py, line 4\)"),
        ("raise Odd()", r"failed with Odd: no message"),
    ],
)
def test_what_is_returned_instead_of_a_network_is_told(tmp_path, body, sentence):
    odd = "class Odd(Exception):\n    def __str__(self):\n        return 1 / 0\n"
    (tmp_path / "net.py").write_text(f"from torch import nn\n\ndef make():\n    {body}\n\n{odd}")
    with pytest.raises(NetworkError, match=sentence):
        open_factory(f"{tmp_path / 'net.py'}:make")


ODD_NUMBERS = """
import torch
from torch import nn
from torchvision.models.quantization import shufflenet_v2_x0_5

class Frequencies(nn.Conv2d):
    def forward(self, x):
        x = torch.fft.rfft2(super().forward(x))
        return torch.view_as_complex(torch.view_as_real(x) * 2)

def quantised():
    return shufflenet_v2_x0_5(weights=None, quantize=True, num_classes=5)

def complex():
    return Frequencies(3, 4, 3)

def answered():
    return nn.Sequential(Frequencies(3, 4, 3), Magnitudes(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))

class Magnitudes(nn.Module):
    def forward(self, x):
        return x.abs()
"""


@pytest.mark.filterwarnings("ignore")  # torch says that its quantised networks will go
@pytest.mark.parametrize("name", ["quantised", "complex", "answered"])
def test_networks_of_odd_numbers_open(tmp_path, name):
    (tmp_path / "odd_numbers.py").write_text(ODD_NUMBERS)
    network = cnnviewer.load_network(f"{tmp_path / 'odd_numbers.py'}:{name}", allow_code=True)
    recording = cnnviewer.record(network, torch.rand(1, 3, 64, 64))
    expected = network.module(recording.input[None])
    expected = expected.dequantize() if expected.is_quantized else expected
    assert torch.equal(recording.layers[-1].output, expected[0])
