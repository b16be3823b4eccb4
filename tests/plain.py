"""Plain PyTorch, for what a recording holds to be compared with: hooks that clone, and no tape."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from cnnviewer.operations import results_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from cnnviewer.recording import Recording


@contextmanager
def without_fast_path() -> Iterator[None]:
    """Have multi-head attention run operation by operation, as it does while it is recorded."""
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(True)


def hooked(module: nn.Module, image: torch.Tensor) -> tuple[dict[str, list[torch.Tensor]], torch.Tensor]:
    """Run a module with hooks that clone each submodule's output; return these by path, and the result."""
    found: dict[str, list[torch.Tensor]] = {}
    handles = []
    for path, part in module.named_modules():

        def keep(_module, _inputs, output, path=path):
            found.setdefault(path, []).extend(tensor.clone() for tensor in results_of(output))

        handles.append(part.register_forward_hook(keep))
    with torch.inference_mode(), without_fast_path():
        result = module(image.clone())
    for handle in handles:
        handle.remove()
    return found, result


def assert_is_plain(recording: Recording, module: nn.Module, image: torch.Tensor) -> int:
    """Compare a recording with a plain run, to the last bit; return how many outputs of submodules were compared.

    The scores are those of the plain run. What a submodule returned is what a layer holds: of one without submodules
    that makes one operation, the layer of its name. Those that work out weights, without the image, make no layer.
    """
    outputs, result = hooked(module, image)
    assert recording.scores is not None
    assert torch.equal(recording.scores, result.reshape(-1))
    known: dict[tuple, list[torch.Tensor]] = {}
    for tensor in (recording.input[None], *(layer.result for layer in recording.layers)):
        known.setdefault(_key(tensor), []).append(tensor)
    by_module = Counter(layer.module for layer in recording.layers)
    compared = 0
    for path, tensors in outputs.items():
        if path and not any(f"{name}.".startswith(f"{path}.") for name in by_module):
            continue
        is_leaf = not module.get_submodule(path)._modules
        if is_leaf and len(tensors) == by_module[path] == 1:
            assert torch.equal(recording[path].result, tensors[0]), path
        else:
            for tensor in tensors:
                assert any(torch.equal(tensor, other) for other in known.get(_key(tensor), ())), path
        compared += len(tensors)
    return compared


def _key(tensor: torch.Tensor) -> tuple:
    """Return what equal tensors share: the shape, and the first and the last few of their numbers."""
    flat = tensor.reshape(-1)
    return tuple(tensor.shape), *flat[:3].tolist(), *flat[-3:].tolist()
