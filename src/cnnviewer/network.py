"""A network: a torch module with all that its use needs."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from cnnviewer.aliases import storage_of
from cnnviewer.devices import AUTO, Precision, choose_device, float_type, is_out_of_memory
from cnnviewer.errors import DeviceError, ImageError, NetworkError
from cnnviewer.images import as_photo
from cnnviewer.outputs import returns_of
from cnnviewer.quantised import is_packed, packed_count
from cnnviewer.readings import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cnnviewer.card import Reason
    from cnnviewer.images import ImageLike, Photo
    from cnnviewer.outputs import Returns
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["Network", "eval_mode", "from_module", "input_channels", "plain_tensors"]


@dataclass(frozen=True, eq=False)
class Network:
    """A torch module with its preprocessing, its categories and where its weights come from.

    Parameters
    ----------
    module
        The module, in eval mode. Its structure (which submodules it has) must not change afterwards.
    name
        What the user calls it: "resnet18".
    preprocessing
        How a photo becomes the tensor that the module takes.
    categories
        One name a class, in the order of the module's outputs; empty where none are known.
    provenance
        Where the weights come from, for people: "random weights", "pretrained on ImageNet-1k".
    returns
        What the module returns, where that is said; None for what its last operations tell. See
        `cnnviewer.outputs.Returns`.
    guessed
        What of all that was guessed, with the reasons; empty where somebody said it.
    """

    module: torch.nn.Module
    name: str
    preprocessing: Preprocessing
    categories: tuple[str, ...] = ()
    provenance: str = "weights as given"
    returns: Returns | None = None
    guessed: tuple[Reason, ...] = ()

    def preprocess(
        self,
        image: ImageLike | Photo | torch.Tensor,
        *,
        value_range: tuple[float, float] | None = None,
        page: int = 1,
    ) -> torch.Tensor:
        """Return the tensor that the module takes.

        Parameters
        ----------
        image
            A path, a PIL image, uint8 pixels ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)``, or ``(H, W, C)`` where the
            module takes C channels, or a floating point tensor ``(1, C, H, W)`` that is preprocessed already and
            returned as it is.
        value_range
            The numbers that are black and white, of files of more than 8 bits and of arrays of another type; by
            default what the file tells, or a guess.
        page
            Of a file of several pages or frames, which one, from 1 on; 0 for all, each a channel.

        Returns
        -------
        torch.Tensor
            ``(1, C, H, W)``, on the module's device and of the type of its weights: float32, if none was chosen.

        Raises
        ------
        ImageError
            If the image can't be read, its channels are not those that the module takes, or a tensor's shape does not
            fit.
        """
        if isinstance(image, torch.Tensor):
            return self._checked(image)
        photo = as_photo(image, Reading(value_range, page))
        return self.preprocessing(photo).to(self.device, self.dtype)

    def to(self, device: str = AUTO, precision: str = Precision.SINGLE) -> Network:
        """Return this network on a device and in a precision.

        Parameters
        ----------
        device
            "auto" (CUDA where there is one, else MPS, else the CPU), "cpu", "cuda", "cuda:1", or "mps".
        precision
            "single" (float32) or "half" (float16, on the CPU bfloat16). From half to single does not bring back the
            digits that were rounded away: keep this network for that.

        Returns
        -------
        Network
            With a module and weights of its own; this very network where nothing changes.

        Raises
        ------
        DeviceError
            If this machine has no such device.
        NetworkError
            If the module can't be copied, or the device has not enough memory for it.
        """
        if precision not in tuple(Precision):
            raise DeviceError(f"There is no precision {precision!r}; there are single and half.")
        place = choose_device(device)
        dtype = float_type(place, precision)
        if all(_is_at(tensor, place, dtype) for tensor in self._tensors):
            return self
        try:
            # A copy without a second one on the way: deepcopy takes what it finds in its memory.
            moved = {id(tensor): _moved(tensor, place, dtype) for tensor in self._tensors}
            module = copy.deepcopy(self.module, moved)
        except (RuntimeError, TypeError, AttributeError) as error:
            if is_out_of_memory(error):
                raise NetworkError(
                    f"{self.name} needs more memory than is free on {place}; take another device or a smaller network."
                ) from error
            raise NetworkError(f"{self.name} can't be brought to {place}: {error}") from error
        return replace(self, module=module)

    @property
    def device(self) -> torch.device:
        """The device of the module's first parameter; the CPU where it has none."""
        first = next(self.module.parameters(), None)
        return torch.device("cpu") if first is None else first.device

    @property
    def dtype(self) -> torch.dtype:
        """The type of the module's first parameter that is no whole number; float32 where it has none."""
        found = (parameter.dtype for parameter in self.module.parameters() if parameter.is_floating_point())
        return next(found, torch.float32)

    @cached_property
    def module_names(self) -> dict[int, str]:
        """Each submodule's path by ``id(submodule)``; a shared one has its first path, the root is ''."""
        return {id(module): name for name, module in self.module.named_modules()}

    @cached_property
    def modules(self) -> tuple[torch.nn.Module, ...]:
        """The module and all modules below it, each once."""
        return tuple(self.module.modules())

    @cached_property
    def tensor_owners(self) -> dict[int, int]:
        """For each parameter and buffer, by ``id(tensor)``, the ``id`` of the module on which it lies."""
        return {
            id(tensor): id(module)
            for module in self.modules
            for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False))
        }

    @cached_property
    def tensor_names(self) -> dict[int, str]:
        """Each parameter's and buffer's path by ``id(tensor)``."""
        named = [*self.module.named_buffers(), *self.module.named_parameters()]
        return {id(tensor): name for name, tensor in named}

    @property
    def _tensors(self) -> tuple[torch.Tensor, ...]:
        """All tensors that lie on the modules, each once; of the plain ones torch's own `to` knows nothing."""
        plain = (tensor for module in self.module.modules() for tensor in plain_tensors(module))
        found = (*self.module.parameters(), *self.module.buffers(), *plain)
        return tuple({id(tensor): tensor for tensor in found}.values())

    @cached_property
    def parameter_count(self) -> int:
        """How many learnt numbers the module has, packed ones too; a shared parameter counts once."""
        return _count(self.module.parameters()) + packed_count(self.modules)

    def _checked(self, tensor: torch.Tensor) -> torch.Tensor:
        channels = self.preprocessing.channels
        if tensor.ndim != 4 or tensor.shape[0] != 1 or not tensor.is_floating_point():
            raise ImageError(
                f"A preprocessed image is a floating point tensor of shape (1, {channels}, height, width); "
                f"this one is {tensor.dtype} of shape {tuple(tensor.shape)}."
            )
        return tensor.to(self.device, self.dtype)


def _count(parameters: Iterable[torch.Tensor]) -> int:
    """Return how many numbers parameters have; those that share their memory have no more than that holds."""
    groups: dict[int, list[torch.Tensor]] = {}
    for parameter in parameters:
        groups.setdefault(storage_of(parameter) or id(parameter), []).append(parameter)
    return sum(
        group[0].numel()
        if len(group) == 1
        else min(sum(part.numel() for part in group), group[0].untyped_storage().nbytes() // group[0].element_size())
        for group in groups.values()
    )


def plain_tensors(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    """Find the tensors that are attributes of a module, or lie in a list, a tuple or a dict that is one."""
    for value in vars(module).values():
        within = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else (value,)
        yield from (tensor for tensor in within if isinstance(tensor, torch.Tensor))


def _is_at(tensor: torch.Tensor, device: torch.device, dtype: torch.dtype) -> bool:
    return tensor.device == device and (tensor.dtype == dtype or not tensor.is_floating_point())


def _moved(tensor: torch.Tensor, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Return a copy of a parameter or another tensor; whole and complex numbers stay what they are."""
    copied = tensor.detach().to(device, dtype if tensor.is_floating_point() else tensor.dtype, copy=True)
    return torch.nn.Parameter(copied, tensor.requires_grad) if isinstance(tensor, torch.nn.Parameter) else copied


@contextmanager
def eval_mode(modules: Iterable[torch.nn.Module]) -> Iterator[None]:
    """Run in eval mode; give each of the modules its own mode back."""
    training = [submodule for submodule in modules if submodule.training]
    for submodule in training:
        submodule.training = False
    try:
        yield
    finally:
        for submodule in training:
            submodule.training = True


def from_module(
    module: torch.nn.Module,
    *,
    preprocessing: Preprocessing | None = None,
    categories: tuple[str, ...] | list[str] = (),
    name: str | None = None,
    provenance: str = "weights as given",
    returns: str | None = None,
) -> Network:
    """Make a `Network` of anyone's own torch module. It is put into eval mode.

    Parameters
    ----------
    module
        A module that takes one tensor ``(1, C, H, W)``.
    preprocessing
        How a photo becomes that tensor; by default ImageNet's (RGB, crop 224 of 256), with the channels of the
        module's first convolution.
    categories
        One name a class.
    name, provenance
        What is shown; by default the class's name and "weights as given".
    returns
        What the module returns: "classes", "multi-label", "binary", "values" or "features"; by default what its last
        operations tell.

    Raises
    ------
    NetworkError
        If `module` is no torch module, or `returns` is none of these words.
    """
    if not isinstance(module, torch.nn.Module):
        raise NetworkError(f"A network is made of a torch.nn.Module; {type(module).__name__} is none.")
    return Network(
        module=module.eval(),
        name=name or type(module).__name__,
        preprocessing=preprocessing or _usual_preprocessing(module),
        categories=tuple(categories),
        provenance=provenance,
        returns=None if returns is None else returns_of(returns),
    )


def input_channels(module: torch.nn.Module) -> int | None:
    """Return how many channels the first convolution of a module takes; None where it has none that tells."""
    for part in module.modules():
        if isinstance(part, torch.nn.Conv2d) or any(map(is_packed, vars(part).values())):
            told = getattr(part, "in_channels", None)
            if type(told) is int:
                return told
    weight = next((parameter for parameter in module.parameters() if parameter.ndim == 4), None)
    return None if weight is None else int(weight.shape[1])


def _usual_preprocessing(module: torch.nn.Module) -> Preprocessing:
    """Return ImageNet's preprocessing, with the channels of the module's first convolution."""
    from cnnviewer.preprocessing import Preprocessing

    channels = input_channels(module)
    if channels is not None and channels != 3:
        order = "L" if channels == 1 else "RGB"
        half = (0.5,) * channels
        return Preprocessing(size=(224, 224), resize=256, channels=channels, order=order, mean=half, deviation=half)
    return Preprocessing(size=(224, 224), resize=256, mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))
