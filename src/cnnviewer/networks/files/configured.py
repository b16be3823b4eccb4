"""What a configuration tells of a network's arithmetic and its tensors do not: a norm's small number, how it pads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.networks.files.evidence import Arithmetic, Clue

__all__ = ["configure"]

_NORMS: dict[str, type[nn.BatchNorm2d] | type[nn.LayerNorm]] = {"batch": nn.BatchNorm2d, "layer": nn.LayerNorm}
_TORCH = {"gelu": nn.GELU, "relu6": nn.ReLU6, "silu": nn.SiLU}
"""Activations as PyTorch has them: timm has its own of some."""
_SHAPE = ("in_channels", "out_channels", "kernel_size", "stride", "dilation", "groups")


def configure(module: nn.Module, clue: Clue[Arithmetic]) -> tuple[str, str]:
    """Have a network compute as it is told, and return what was changed, and what could not be.

    Parameters
    ----------
    module
        It is changed in place.
    clue
        What is told.

    Returns
    -------
    changed, doubt
        A sentence each; '' where it computed so before, and where there is no doubt.
    """
    told = clue.value
    changes, unmet = [], list(told.unmet)
    if _set_epsilon(module, told):
        changes.append(f"its {told.norms} norms add {told.epsilon:g} to the variance")
    if told.pads_as_tensorflow and _pad_as_tensorflow(module):
        changes.append("it pads as TensorFlow does")
    if told.activation and _activate(module, told.usual_activation, told.activation):
        changes.append(f"its activation is {told.activation}")
    elif told.activation:
        unmet.append(f"hidden_act {told.activation}")
    changed = f"{clue.source} says that {' and that '.join(changes)}: so it is computed." if changes else ""
    doubt = f"{clue.source} says {' and '.join(unmet)}, which is not followed: it computes something else."
    return changed, doubt if unmet else ""


def _activate(module: nn.Module, usual: str, told: str) -> bool:
    """Replace all activations of one kind; return whether there are any, and the other kind is known."""
    from timm.layers.create_act import get_act_layer

    try:
        layer = get_act_layer(told)
    except (KeyError, AssertionError):
        return False
    own = (_TORCH[usual], get_act_layer(usual))
    return _replace(module, lambda child: isinstance(child, own), lambda _: layer())


def _set_epsilon(module: nn.Module, told: Arithmetic) -> bool:
    if told.epsilon is None:
        return False
    norms = [norm for norm in module.modules() if isinstance(norm, _NORMS[told.norms])]
    others = [norm for norm in norms if norm.eps != told.epsilon]
    for norm in others:
        norm.eps = told.epsilon
    return bool(others)


def _pad_as_tensorflow(module: nn.Module) -> bool:
    """Replace the convolutions that pad both sides alike by such as pad the end more, as much as their input needs.

    Where the stride is 1 both are the same.
    """
    # Imported here: few networks need it, and timm's layers take a while.
    from timm.layers.conv2d_same import Conv2dSame

    def is_strided(child: nn.Module) -> bool:
        return type(child) is nn.Conv2d and max(child.stride) > 1 and max(child.kernel_size) > 1

    def padded(old: nn.Module) -> nn.Module:
        assert isinstance(old, nn.Conv2d)
        shape: dict[str, Any] = {setting: getattr(old, setting) for setting in _SHAPE}
        new = Conv2dSame(**shape, bias=old.bias is not None)
        new.weight, new.bias = old.weight, old.bias
        return new.train(old.training)

    return _replace(module, is_strided, padded)


def _replace(module: nn.Module, is_old: Callable[[nn.Module], bool], new: Callable[[nn.Module], nn.Module]) -> bool:
    """Put another module in the place of each that is found; return whether there are any."""
    found = [
        (parent, name, child) for parent in module.modules() for name, child in parent.named_children() if is_old(child)
    ]
    for parent, name, child in found:
        setattr(parent, name, new(child))
    return bool(found)
