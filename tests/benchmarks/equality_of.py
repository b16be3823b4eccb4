"""How equal one network's recordings are to plain PyTorch: its outputs, a receptive field, its multiply-adds."""

from __future__ import annotations

import copy
import sys
import time
import warnings
from collections import Counter
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.flop_counter import flop_registry
from torch.utils.weak import WeakIdKeyDictionary

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from plain import hooked, without_fast_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.network import Network
    from cnnviewer.recording import Layer, Recording

__all__ = ["ROUNDED", "Row", "checked"]

ROUNDED = 1e-3
"""How far a number may be from PyTorch's, as a share of its tensor's largest, to count as rounded otherwise."""
_KEPT = 5
"""Of so many layers the output of one is kept in a frame: what lies between is fused."""
_PRODUCTS = ("convolution", "mm", "addmm", "bmm", "baddbmm")


@dataclass
class Row:
    """A network's line of the table.

    `recorded`, `replayed` and `frames` are the largest differences to plain PyTorch, each as a share of the largest
    number of its tensor: 0 for the same bits. `compared` tells of how many tensors, `finite` which share of their
    numbers was finite. `field` compares a receptive field with where the gradient of a copy with positive weights is
    not zero: "equal", "within" (the gradient reaches less far), "outside". `multiply_adds` and `counted` are the
    program's count, and that of PyTorch's formulas for what its dispatcher runs on the image; `note` tells why nothing
    is replayed, `sentence` what failed.
    """

    name: str
    source: str = ""
    parameters: int = 0
    size: str = ""
    layers: int = 0
    compared: int = 0
    finite: str = ""
    recorded: str = ""
    replayed: str = ""
    frames: str = ""
    note: str = ""
    field: str = ""
    multiply_adds: int = 0
    counted: int = 0
    seconds: float = 0.0
    sentence: str = ""

    def cells(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def of(cls, cells: dict[str, str]) -> Row:
        kinds = {"int": int, "float": float}
        return cls(**{field.name: kinds.get(str(field.type), str)(cells[field.name]) for field in fields(cls)})


def checked(row: Row) -> Row:
    """Fill the row of a network."""
    start = time.perf_counter()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    network = _built(row.name)
    height, width = network.preprocessing.size
    row.size = f"{height}x{width}"
    shape = (1, network.preprocessing.channels, height, width)
    images = [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in range(4)]
    recording = _check_outputs(row, network, images)
    _check_cost(row, network, recording, images[0])
    _check_field(row, network, recording, shape)
    row.seconds = round(time.perf_counter() - start, 1)
    return row


# ---- the network


def _built(name: str) -> Network:
    """Return a network with random weights that let each part matter: nothing learnt is zero, no statistic usual."""
    from cnnviewer import load_network

    torch.manual_seed(crc32(name.encode()))
    network = load_network(name, weights=None)
    for path, tensor in [*network.module.named_parameters(), *network.module.named_buffers()]:
        kind = path.rpartition(".")[2]
        if not tensor.is_floating_point() or not tensor.numel():
            continue
        with torch.no_grad():
            if kind == "running_var":
                tensor.uniform_(0.5, 1.5)
            elif kind == "running_mean":
                tensor.uniform_(-0.2, 0.2)
            elif isinstance(tensor, torch.nn.Parameter) and bool((tensor == 0).all()):
                tensor.normal_(0.0, 0.1)
    return network


# ---- outputs


def _check_outputs(row: Row, network: Network, images: Sequence[torch.Tensor]) -> Recording:
    from cnnviewer.recorder import Recorder

    recorder = Recorder(network)
    first = recorder.record(images[0].clone())
    found = _difference(first, network, images[0])
    row.layers, row.compared, row.finite = len(first.layers), found.compared, f"{found.finite:.3g}"
    row.recorded = _text(found.worst)
    recorder.record(images[1].clone())  # which proves that the operations can be run again
    again = recorder.record(images[2].clone())
    row.replayed, row.note = _text(_difference(again, network, images[2]).worst), " ".join(again.run_notes)
    whole = recorder.record(images[3].clone())
    frame = recorder.record_frame(images[3].clone(), frozenset(range(0, len(whole.layers), _KEPT)))
    pairs = [
        (one.output, other.output)
        for one, other in zip(frame.layers, whole.layers, strict=True)
        if not one.output.is_meta
    ]
    row.frames = _text(max((_apart(one, other) for one, other in pairs), default=0.0))
    return first


@dataclass
class _Difference:
    worst: float
    compared: int
    finite: float


def _difference(recording: Recording, network: Network, image: torch.Tensor) -> _Difference:
    """Compare what each submodule and the network returned in a plain run with what the layers hold."""
    from cnnviewer.returned import named_tensors

    module = network.module
    outputs, result = hooked(module, image)
    by_shape: dict[tuple[int, ...], list[torch.Tensor]] = {}
    for tensor in (recording.input[None], *(layer.result for layer in recording.layers)):
        by_shape.setdefault(tuple(tensor.shape), []).append(tensor)
    by_module = Counter(layer.module for layer in recording.layers)
    worst, compared, numbers, finite = 0.0, 0, 0, 0
    missing: list[tuple[str, int, float]] = []
    for path, tensors in outputs.items():
        is_leaf = path and not module.get_submodule(path)._modules and len(tensors) == by_module[path] == 1
        for place, tensor in enumerate(tensors):
            known = [recording[path].result] if is_leaf else by_shape.get(tuple(tensor.shape), [])
            apart = _nearest(tensor, known)
            if apart > ROUNDED:
                missing.append((path, place, apart))
            else:
                worst = max(worst, apart)
            compared += 1
            numbers, finite = numbers + tensor.numel(), finite + int(tensor.isfinite().sum())
    if missing:  # what has nothing of the image is no layer: it is the same for another
        others, _ = hooked(module, image.flip(-1) + 0.5)
        for path, place, apart in missing:
            if not torch.equal(outputs[path][place], others[path][place]):
                worst = max(worst, apart)
    for (_, tensor), output in zip(named_tensors(result), recording.outputs, strict=True):
        if output.layer is not None:
            worst, compared = max(worst, _apart(recording[output.layer].result, tensor)), compared + 1
    return _Difference(worst, compared, finite / max(numbers, 1))


def _nearest(tensor: torch.Tensor, known: Sequence[torch.Tensor]) -> float:
    ends = _ends(tensor)
    if any(_ends(other) == ends and torch.equal(tensor, other) for other in known):
        return 0.0
    return min((_apart(other, tensor) for other in known), default=float("inf"))


def _ends(tensor: torch.Tensor) -> list[float]:
    """Return the first and the last few numbers: what equal tensors share can be told by them in no time."""
    flat = tensor.reshape(-1)
    return [*flat[:3].tolist(), *flat[-3:].tolist()]


def _apart(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest difference of two tensors as a share of the largest number of the second."""
    if one.shape != other.shape:
        return float("inf")
    if torch.equal(one, other):
        return 0.0
    one, other = one.double(), other.double()
    if not torch.equal(one.isnan(), other.isnan()) or not torch.equal(one.isinf(), other.isinf()):
        return float("inf")
    numbers = other.isfinite()
    if not bool(numbers.any()):
        return 0.0
    reach = float(other[numbers].abs().max())
    return float((one[numbers] - other[numbers]).abs().max()) / max(reach, 1e-30)


def _text(difference: float) -> str:
    return f"{difference:.2g}"


# ---- multiply-adds


def _check_cost(row: Row, network: Network, recording: Recording, image: torch.Tensor) -> None:
    """Count by PyTorch's dispatcher, under the modules: products of convolutions and matrices, attention written out.

    No parameter of the module asks for a gradient afterwards: the counter needs none.
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel

    from cnnviewer.analysis.cost import multiply_adds

    row.multiply_adds = sum(multiply_adds(layer, recording) for layer in recording.layers)
    network.module.requires_grad_(False)
    given = image.clone()
    with without_fast_path(), sdpa_kernel(SDPBackend.MATH), _Products(given) as counter:
        network.module(given)
    row.counted = counter.count


class _Products(TorchDispatchMode):
    """Counts the multiply-adds of what has an image among its ancestors, by PyTorch's own formulas.

    What a network makes of its parameters alone is none of an image: relative positions, a learnt query.
    """

    def __init__(self, image: torch.Tensor) -> None:
        super().__init__()
        self.count = 0
        self._made = WeakIdKeyDictionary({image: True})
        self._written: dict[int, torch.UntypedStorage] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        from cnnviewer.networks.files.allocation import decomposed

        kwargs = kwargs or {}
        written = decomposed(self, func, args, kwargs)
        if written is not NotImplemented:
            return written
        given = [value for value in tree_iter((args, kwargs)) if isinstance(value, torch.Tensor)]
        is_of_image = any(map(self._is_of_image, given))
        result = func(*args, **kwargs)
        if not is_of_image:
            return result
        made = [value for value in tree_iter(result) if isinstance(value, torch.Tensor)]
        self._made.update((value, True) for value in made)
        if func._schema.is_mutable:  # all tensors that share the memory have it now
            self._written.update((tensor.untyped_storage()._cdata, tensor.untyped_storage()) for tensor in made)
        if str(func.overloadpacket).split(".")[-1] in _PRODUCTS:
            self.count += int(flop_registry[func.overloadpacket](*args, **kwargs, out_val=result)) // 2
        return result

    def _is_of_image(self, tensor: torch.Tensor) -> bool:
        return tensor in self._made or tensor.untyped_storage()._cdata in self._written


# ---- the receptive field


def _check_field(row: Row, network: Network, recording: Recording, shape: tuple[int, ...]) -> None:
    """Compare the field of a unit in the middle of the network with where its gradient is not zero."""
    from cnnviewer import receptive_field

    layer = _middle(recording, network)
    if layer is None:
        row.field = "none"
        return
    unit = (0, layer.shape[1] // 2, layer.shape[2] // 2)
    seen = receptive_field(recording, layer, unit).seen
    found = _gradient_box(_positive(network.module), layer.name, unit, shape)
    if found is None or seen is None:
        row.field = "none"
        return
    box = (seen.top, seen.left, seen.bottom, seen.right)
    is_within = box[0] <= found[0] and box[1] <= found[1] and found[2] <= box[2] and found[3] <= box[3]
    row.field = "equal" if box == found else "within" if is_within else "outside"


def _middle(recording: Recording, network: Network) -> Layer | None:
    """Return a convolution in the first half of the network, which a module of its name makes."""
    paths = {name for name in network.module_names.values() if name}
    maps = [
        layer
        for layer in recording.layers
        if layer.kind == "convolution" and layer.name in paths and layer.output.ndim == 3 and min(layer.shape[1:]) > 2
    ]
    return maps[len(maps) // 3] if maps else None


def _positive(module: torch.nn.Module) -> torch.nn.Module:
    """Return a copy whose weights are positive means, so that no activation cuts a unit off."""
    made = copy.deepcopy(module)
    with torch.no_grad():
        for path, tensor in [*made.named_parameters(), *made.named_buffers()]:
            kind = path.rpartition(".")[2]
            if not tensor.is_floating_point():
                continue
            if kind in ("running_mean", "bias"):
                tensor.zero_()
            elif tensor.ndim < 2 and tensor.numel():
                tensor.fill_(1.0)
            elif isinstance(tensor, torch.nn.Parameter):
                tensor.abs_()
                tensor.div_(tensor.flatten(1).sum(1).clamp(min=1e-12).view(-1, *[1] * (tensor.ndim - 1)))
    return made


def _gradient_box(
    module: torch.nn.Module, path: str, unit: tuple[int, ...], shape: tuple[int, ...]
) -> tuple[int, int, int, int] | None:
    """Return the box of pixels along which the unit has a gradient for one of some images; None where there is none."""
    held: list[torch.Tensor] = []
    handle = module.get_submodule(path).register_forward_hook(lambda part, given, output: held.append(output))
    reached = torch.zeros(shape[-2:], dtype=torch.bool)
    for seed in range(3):
        image = torch.rand(shape, generator=torch.Generator().manual_seed(seed)).add_(0.5).requires_grad_()
        held.clear()
        module(image)
        gradient = torch.autograd.grad(held[0][(0, *unit)], image, allow_unused=True)[0]
        if gradient is not None:
            reached |= (gradient[0] != 0).any(0)
    handle.remove()
    rows, columns = reached.any(1).nonzero().flatten().tolist(), reached.any(0).nonzero().flatten().tolist()
    return (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1) if rows else None
