"""Pickled modules of torch.nn and torchvision open; whatever else a pickle wants, nothing of it is run."""

from __future__ import annotations

import functools

import attacks
import pytest
import timm
import torch
import torchvision
from attacks import call, instance, mapping, module_state, reference, text, write_legacy, write_zipped
from made_networks import Small, image, plain
from torch import nn

from cnnviewer.errors import CnnviewerError, NetworkError, WeightsError
from cnnviewer.network_reports import FileRequest
from cnnviewer.networks import load_network
from cnnviewer.networks.checkpoints.reading import read_checkpoint
from cnnviewer.networks.files.opening import FileOpener
from cnnviewer.networks.files.pickled_module import open_file

LINEAR = ("torch.nn.modules.linear", "Identity")


def test_a_plain_module_comes_back(tmp_path):
    network = plain()
    torch.save(network, tmp_path / "net.pt")
    opened = open_file(tmp_path / "net.pt")
    assert isinstance(opened.module, nn.Sequential)
    assert not any(module.training for module in opened.module.modules())
    assert torch.equal(opened.module(image()), network(image()))
    opened.module.register_forward_hook(lambda *_: None)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "densenet121", "squeezenet1_0"])
def test_torchvision_networks_come_back(tmp_path, name):
    network = torchvision.models.get_model(name, weights=None).eval()
    torch.save(network, tmp_path / "net.pt")
    opened = open_file(tmp_path / "net.pt")
    x = image(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(opened.module(x), network(x))


def test_settings_that_are_functions_come_back(tmp_path):
    """A vision transformer keeps ``partial(LayerNorm, eps=1e-6)``, an encoder layer ``relu``."""
    network = torchvision.models.VisionTransformer(32, 16, 1, 2, 8, 16, num_classes=3).eval()
    torch.save(network, tmp_path / "vit.pt")
    opened = open_file(tmp_path / "vit.pt")
    with torch.no_grad():
        assert torch.equal(opened.module(image()), network(image()))
    assert isinstance(opened.module.norm_layer, functools.partial)
    torch.save(nn.TransformerEncoderLayer(8, 2, 16), tmp_path / "encoder.pt")
    assert open_file(tmp_path / "encoder.pt").module.activation is nn.functional.relu


def test_data_parallel_is_unwrapped(tmp_path):
    torch.save(nn.DataParallel(plain()), tmp_path / "net.pt")
    assert isinstance(open_file(tmp_path / "net.pt").module, nn.Sequential)


def test_shared_modules_stay_shared(tmp_path):
    relu = nn.ReLU()
    torch.save(nn.Sequential(relu, nn.Conv2d(3, 3, 1), relu), tmp_path / "net.pt")
    opened = open_file(tmp_path / "net.pt").module
    assert opened[0] is opened[2]


def test_a_module_of_before_zips_is_refused_for_the_code_that_comes_with_it(tmp_path):
    torch.save(plain(), tmp_path / "net.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(NetworkError, match=r"net\.pt can't be read without running code: .* before 1\.6"):
        open_file(tmp_path / "net.pt")


def test_classes_of_its_own_are_refused_by_name(tmp_path):
    torch.save(Small(), tmp_path / "net.pt")
    with pytest.raises(
        NetworkError, match=r"would run code: it wants made_networks\.Small, which is neither of torch\.nn"
    ):
        open_file(tmp_path / "net.pt")


def test_weights_of_a_pickled_module_of_any_class_can_be_read(tmp_path):
    network = Small()
    torch.save(network, tmp_path / "net.pt")
    state = read_checkpoint(tmp_path / "net.pt").tensors
    assert list(state) == list(network.state_dict())
    assert all(torch.equal(state[name], tensor) for name, tensor in network.state_dict().items())


# ---- attacks: each would make a file


def _attacks(victim: str) -> dict[str, bytes]:
    touch = text(f"touch {victim}")
    python = text(f"open({victim!r}, 'w').close()")
    opening = call("io", "open", text(victim), text("w"))
    empty = reference("collections", "OrderedDict") + b")R"
    hooks = mapping(a=reference("os", "system"))
    inner = b"\x80\x02" + call("os", "system", touch) + b"."
    return {
        "os.system": call("os", "system", touch),
        "posix.system": call("posix", "system", touch),
        "subprocess": call("subprocess", "getoutput", touch),
        "eval": call("builtins", "eval", python),
        "exec of Python 2": call("__builtin__", "exec", python),
        "getattr of a torch function": call("builtins", "getattr", reference("torch", "hub"), text("load")),
        "a method by a dotted name": call("torch.nn.modules.linear", "torch.os.system", touch),
        "torch.load": call("torch.serialization", "load", text(victim)),
        "torch.save": call("torch.serialization", "save", b"N", text(victim)),
        "hub": call("torch.hub", "download_url_to_file", text("file:///etc/hostname"), text(victim)),
        "a class of main": instance("__main__", "Network", command=touch),
        "open within a module": instance(*LINEAR, **module_state(weight=opening)),
        "a hook": instance(*LINEAR, **module_state(_forward_hooks=hooks)),
        "a hook of a plain class": instance(*LINEAR, **module_state(_forward_hooks=mapping(a=reference(*LINEAR)))),
        "another forward": instance(*LINEAR, **module_state(forward=reference("os", "system"))),
        "a class in the place of forward": instance(*LINEAR, **module_state(forward=reference(*LINEAR))),
        "a compiled call": instance(*LINEAR, **module_state(_compiled_call_impl=reference(*LINEAR))),
        "a constructor": call("torch.nn.modules.linear", "Linear", b"J\xff\xff\xff\x7f", b"J\xff\xff\xff\x7f"),
        "a partial": call("functools", "partial", reference("os", "system"), touch),
        "a partial within": instance(
            *LINEAR, **module_state(norm_layer=call("functools", "partial", reference("os", "system")))
        ),
        "a nested pickle": call(
            "pickle", "loads", call("_codecs", "encode", text(inner.decode("latin1")), text("latin1"))
        ),
        "a filled function": reference("torch._utils", "_rebuild_tensor_v2") + mapping(__code__=touch) + b"b",
        "slots of a function": reference("torch._utils", "_rebuild_tensor_v2")
        + b"N" + mapping(__name__=touch) + b"\x86b",
        "slots of a class": reference(*LINEAR) + b"N" + mapping(forward=touch) + b"\x86b",
        "old classes": b"(" + touch + b"ios\nsystem\n",
        "old objects": b"(" + reference("os", "system") + touch + b"o",
        "an extension": b"\x82\x01",
        "names on the stack": text("os") + text("system") + b"\x93(" + touch + b"tR",
        "backward hooks": call(
            "torch._utils", "_rebuild_parameter", call("os", "system", touch), b"\x88", empty
        ),
        "a tensor by another function": call(
            "torch._tensor", "_rebuild_from_type_v2", reference("os", "system"), reference("torch", "Tensor"),
            b"(" + touch + b"t", b"}",
        ),
        "a patch file": b"(" + text("module") + empty + mapping(dump_patches=b"\x88", __name__=text(victim)) + b"b"
        + text("source.py") + text("source") + b"tQ",
        "a module within itself": reference(*LINEAR) + b")\x81q\x07" + mapping(
            training=b"\x89", _parameters=b"}", _buffers=b"}", _modules=mapping(a=b"h\x07")
        ) + b"b",
    }  # fmt: skip


@pytest.mark.parametrize("write", [write_zipped, write_legacy])
@pytest.mark.parametrize("name", list(_attacks("")))
def test_attacks_are_refused_and_nothing_is_run(tmp_path, name, write):
    victim = tmp_path / "victim"
    path = write(tmp_path / "net.pt", _attacks(str(victim))[name])
    before = torch._utils._rebuild_tensor_v2.__name__, nn.Identity.forward
    with pytest.raises(CnnviewerError, match=r"net\.pt"):
        open_file(path)
    with pytest.raises(CnnviewerError, match=r"net\.pt"):
        read_checkpoint(path)
    wrapped = write(tmp_path / "nested.pt", mapping(state_dict=_attacks(str(victim))[name], epoch=b"K\x01"))
    with pytest.raises(CnnviewerError, match=r"nested\.pt"):
        read_checkpoint(wrapped)
    assert not victim.exists()
    assert not list(tmp_path.glob("*.patch"))
    assert (torch._utils._rebuild_tensor_v2.__name__, nn.Identity.forward) == before


def test_the_attacks_would_work_elsewhere(tmp_path):
    """What the tests above refuse is no harmless file: Python's own unpickler runs it."""
    import pickle

    victim = tmp_path / "victim"
    pickle.loads(b"\x80\x02" + _attacks(str(victim))["os.system"] + b".")
    assert victim.exists()


def test_what_it_wanted_to_run_is_named(tmp_path):
    path = write_zipped(tmp_path / "net.pt", _attacks("x")["os.system"])
    with pytest.raises(NetworkError, match=r"it wants to run os\.system\. Nothing of it was run"):
        open_file(path)
    with pytest.raises(WeightsError, match=r"it wants to run os\.system\. Nothing of it was run"):
        read_checkpoint(path)


def test_deep_nesting_is_no_crash(tmp_path):
    deep = b"N" + b"\x85" * 200_000
    path = write_zipped(tmp_path / "net.pt", instance(*LINEAR, **module_state(setting=deep)))
    with pytest.raises(NetworkError, match="nested too deeply"):
        open_file(path)


def _tensor(numel: int, size: bytes, stride: bytes) -> bytes:
    key = b"(" + text("storage") + reference("torch", "FloatStorage") + text("0") + text("cpu") + _number(numel) + b"tQ"
    empty = reference("collections", "OrderedDict") + b")R"
    return call("torch._utils", "_rebuild_tensor_v2", key, b"K\x00", size, stride, b"\x89", empty)


def _number(value: int) -> bytes:
    content = value.to_bytes(8, "little", signed=True)
    return b"\x8a\x08" + content


@pytest.mark.parametrize(
    ("numel", "size", "stride"),
    [
        (1, 10**12, 0),  # one number that is shown as a million million
        (10**12, 10**12, 1),  # numbers that the file does not have
        (64, 64, 1),  # the same, but few
        (1, 16, 1),
        (1, -5, 1),
    ],
)
def test_shapes_that_cannot_be_true_are_refused(tmp_path, numel, size, stride):
    content = mapping(weight=_tensor(numel, _number(size) + b"\x85", _number(stride) + b"\x85"))
    path = write_zipped(tmp_path / "net.pt", content, **{"0": bytes(4)})
    with pytest.raises(WeightsError, match=r"net\.pt"):
        read_checkpoint(path)


def test_nan_weights_open(tmp_path):
    network = plain()
    with torch.no_grad():
        network[0].weight[0] = float("nan")
        network[0].weight[1] = float("inf")
    torch.save(network, tmp_path / "net.pt")
    assert torch.equal(open_file(tmp_path / "net.pt").module[0].weight.isnan(), network[0].weight.isnan())


def test_torchscript_under_another_name_is_not_run(made):
    with pytest.raises(NetworkError, match="is TorchScript"):
        open_file(made["script.pt"])


def test_the_writer_of_attacks_writes_what_torch_reads(tmp_path):
    """The made files are files of torch.save: a harmless one opens, zipped and not."""
    for write in (write_zipped, write_legacy):
        path = write(tmp_path / f"{write.__name__}.pt", instance(*LINEAR, **module_state()))
        assert isinstance(open_file(path).module, nn.Identity)
    assert attacks.MAGIC == torch.serialization.MAGIC_NUMBER


@pytest.mark.parametrize("registry", ["_modules", "_parameters", "_buffers"])
@pytest.mark.parametrize("content", [None, b"N", b"K\x01"])
def test_a_module_without_what_each_module_has_is_told(tmp_path, registry, content):
    state = module_state()
    del state[registry]
    path = write_zipped(tmp_path / "net.pt", instance(*LINEAR, **state, **({registry: content} if content else {})))
    with pytest.raises(NetworkError, match=r"net\.pt is damaged: a Identity in it has no _modules"):
        open_file(path)


def test_a_module_without_numbers_is_told(tmp_path):
    torch.save(plain().to("meta"), tmp_path / "net.pt")
    with pytest.raises(NetworkError, match="the shapes of weights alone"):
        open_file(tmp_path / "net.pt")


def test_a_module_of_timm_is_opened_by_its_tensors(tmp_path):
    torch.manual_seed(0)
    network = timm.create_model("test_resnet", num_classes=5).eval()
    path = tmp_path / "net.pt"
    torch.save(network, path)
    report = FileOpener().inspect(FileRequest(path))
    assert (report.format, report.architecture) == ("pickled module, its weights", "timm/test_resnet")
    opened = load_network(path)
    with torch.no_grad():
        assert torch.equal(opened.module(image(1, 3, 64, 64)), network(image(1, 3, 64, 64)))


def test_a_module_of_classes_and_tensors_that_nobody_knows_is_told(tmp_path):
    torch.save(Small(), tmp_path / "net.pt")
    with pytest.raises(NetworkError, match=r"No architecture that is known fits .*made_networks\.Small, .* is not run"):
        load_network(tmp_path / "net.pt")
