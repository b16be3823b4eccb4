"""What must hold of the explanation of any unit, of any layer."""

import math
import warnings

import hypothesis
import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn

import cnnviewer
from cnnviewer.analysis.explanation import CONSTANT, Rule
from cnnviewer.analysis.links.table import links_of
from cnnviewer.analysis.links.unit_sets import UnitSet
from cnnviewer.recorder import record
from cnnviewer.recording import INPUT

SEEDS = st.integers(0, 2**31 - 1)
LINEAR = (Rule.SUM, Rule.AVERAGE, Rule.MAXIMUM, Rule.COPY)


def cases(count):
    """Return settings for so many cases, the same ones each time."""
    return hypothesis.settings(max_examples=count, deadline=None, derandomize=True)


class Steps(nn.Module):
    """Modules and functions, one after another."""

    def __init__(self, *steps):
        super().__init__()
        self.parts = nn.ModuleList(step for step in steps if isinstance(step, nn.Module))
        self.steps = steps

    def forward(self, x):
        for step in self.steps:
            x = step(x)
        return x


def noise(seed, *shape):
    return torch.randn((1, *shape), generator=torch.Generator().manual_seed(seed))


def recorded(module, image, seed=0, exactly=True):
    """Record a module whose parameters and statistics are random, and see that its last layer is what PyTorch gives."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if tensor.is_floating_point():
            if name.endswith("running_var"):
                tensor.data.uniform_(0.5, 2, generator=generator)
            else:
                tensor.data.normal_(generator=generator).mul_(0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as PyTorch's advice on an even kernel with padding "same"
        recording = record(cnnviewer.from_module(module), image.clone())
        with torch.inference_mode():
            expected = module(image.clone())
    results = [layer.result for layer in recording.layers[-4:]]  # an operation may make several
    same = torch.equal if exactly else torch.allclose
    expected = expected.nan_to_num()
    assert any(result.shape == expected.shape and same(result.nan_to_num(), expected) for result in results)
    return recording


def check(module, image, seed, units=3, exactly=True):
    """See that some units of each layer are explained; return the recording."""
    recording = recorded(module, image, seed, exactly)
    random = np.random.default_rng(seed)
    for layer in recording.layers:
        for _ in range(units):
            check_unit(recording, layer, tuple(int(random.integers(length)) for length in layer.shape))
    return recording


def is_near(value, wanted, relative=1e-4, absolute=1e-5):
    if math.isnan(wanted) or math.isinf(wanted):
        return value == wanted or (math.isnan(value) and math.isnan(wanted))
    return abs(value - wanted) <= relative * abs(wanted) + absolute


def check_unit(recording, layer, unit):
    """See that a unit's explanation is true; return it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _checked(recording, layer, unit)


def _checked(recording, layer, unit):
    about = f"{layer.name} {layer.operation} {dict(layer.settings)} {layer.shape} {unit}"
    found = cnnviewer.explain(recording, layer, unit)
    assert (found.layer, found.unit) == (layer.name, unit), about
    assert is_near(found.recorded, float(layer.output[unit]), 0, 0), about
    assert is_near(found.value, found.recorded), f"{about}: {found.value} is not {found.recorded}"
    assert is_near(found.difference, found.value - found.recorded, 1e-9, 1e-12), about
    if found.rule not in (Rule.PRODUCT, Rule.QUOTIENT, Rule.SHARE):
        total = sum(term.contribution for term in found.terms) + found.bias
        assert is_near(total, found.value, 1e-9, 1e-9), f"{about}: its terms add up to {total}, not {found.value}"
    if found.grid is not None:
        assert math.prod(found.grid) == len(found.terms), about
    for part in found.terms.parts:
        check_part(recording, found, part, about)
    check_terms(found, about)
    sources = [output_of(recording, name) for name in layer.inputs]
    is_told = layer.operation != "batch_norm" or len(sources) == 1  # PyTorch gives statistics no slope
    if is_told and math.isfinite(found.value):  # and it gives one to padding that won
        slopes = slopes_of(recording, layer, unit)
        check_links(recording, layer, unit, found, slopes, about)
        has_slopes = layer.operation != "detach" and all(output.is_floating_point() for output in sources)
        if has_slopes and found.rule in LINEAR:
            check_weights(recording, layer, found, slopes, about)
    return found


def output_of(recording, source):
    return recording.input if source == INPUT else recording[source].output


def check_part(recording, found, part, about):
    """See that each term with a place has the very value that its source has there."""
    assert len(part.places) == len(part.values) == len(part.weights) == len(part.contributions), about
    if part.source == CONSTANT:
        return
    output = output_of(recording, part.source)
    has_place = (part.places >= 0).all(1)
    assert (part.places[~has_place] == -1).all(), about
    assert (part.places < np.array(output.shape[: part.places.shape[1]])).all(), about
    if found.rule is Rule.ATTENTION and part.places.shape[1] < output.ndim:
        return  # a whole token
    assert part.places.shape[1] == output.ndim, about
    wanted = output[tuple(torch.from_numpy(part.places[has_place]).T)].detach().double().reshape(-1).numpy()
    np.testing.assert_array_equal(part.values[has_place], wanted, about)
    padding = part.values[~has_place]
    assert (padding == (-np.inf if found.rule is Rule.MAXIMUM else 0)).all(), about


def check_terms(found, about):
    """See that terms one by one are those of the arrays."""
    terms = found.terms
    assert len(terms) == len(terms.values) == len(terms.weights) == len(terms.contributions), about
    for place in {0, len(terms) // 2, len(terms) - 1} if len(terms) else ():
        term = terms[place]
        for number, wanted in [
            (term.value, terms.values[place]),
            (term.weight, terms.weights[place]),
            (term.contribution, terms.contributions[place]),
        ]:
            assert is_near(number, wanted, 0, 0), about
        assert term == terms[place - len(terms)] or math.isnan(term.contribution), about
    strongest = found.strongest
    is_known = any(part.source != CONSTANT and (part.places >= 0).all(1).any() for part in terms.parts)
    assert (strongest is not None) == is_known, about
    if strongest is not None and found.rule is Rule.MAXIMUM:
        assert strongest.weight == max(terms.weights), about
    elif strongest is not None and found.rule in (*LINEAR, Rule.SLOPE, Rule.NORMALISATION, Rule.ATTENTION):
        sign = -1 if found.value < 0 else 1
        pushes = [sign * term.contribution for term in terms if term.place is not None]
        assert sign * strongest.contribution == max(pushes), about


def check_weights(recording, layer, found, slopes, about):
    """See that the weights are the slopes that PyTorch finds: for all units of the sources, not only those of terms."""
    for source in {part.source for part in found.terms.parts} - {CONSTANT}:
        weights = np.zeros(tuple(output_of(recording, source).shape))
        wanted = [slope for name, slope in zip(layer.inputs, slopes, strict=True) if name == source]
        for part in found.terms.parts:
            if part.source == source:
                has_place = (part.places >= 0).all(1)
                where = part.places[has_place]
                flat = np.ravel_multi_index(tuple(where.T), weights.shape) if where.shape[1] else np.zeros(1, int)
                np.add.at(weights.reshape(-1), flat, part.weights[has_place])
        np.testing.assert_allclose(weights, sum(wanted).reshape(weights.shape), rtol=1e-6, atol=1e-6, err_msg=about)


def exact(tensor):
    tensor = tensor.clone()
    return tensor.double() if tensor.is_floating_point() else tensor


def slopes_of(recording, layer, unit):
    """Return the slopes of a unit along all units of each operand, in float64, worked out by PyTorch."""
    with torch.inference_mode(False), torch.enable_grad():
        operands = [exact(recording.result(name)) for name in layer.inputs]
        free = [operand.requires_grad_() for operand in operands if operand.is_floating_point()]
        result = layer.call.with_tensors(lambda tensor: exact(tensor.detach())).run(operands)
        value = (result[0] if layer.is_batched else result)[unit]
        slopes = torch.autograd.grad(value, free, allow_unused=True) if value.requires_grad else (None,) * len(free)
    numbers = iter(slopes)
    slopes = [next(numbers) if operand.is_floating_point() else None for operand in operands]
    return [torch.zeros(x.shape) if slope is None else slope for slope, x in zip(slopes, operands, strict=True)]


def check_links(recording, layer, unit, found, slopes, about):
    """See that what feeds a unit is all that has a slope, and all terms; and that the way forth is the same."""
    index = (0, *unit) if layer.is_batched else unit
    links = links_of(layer, recording)
    assert len(links) == len(layer.inputs), about
    fed = [link.back(UnitSet.single(layer.result.shape, index)) for link in links]
    for name, link, units, slope in zip(layer.inputs, links, fed, slopes, strict=True):
        assert units.mask.shape == slope.shape, about
        assert not ((slope.abs().numpy() > 1e-9) & ~units.mask).any(), f"{about}: {name} {link.note}"
        for place in np.argwhere(units.mask)[:: max(1, units.size // 2)]:
            assert link.forth(UnitSet.single(slope.shape, place)).mask[index], f"{about}: {name}"
    for part in found.terms.parts:
        same = [units for name, units in zip(layer.inputs, fed, strict=True) if name == part.source]
        masks = [units.mask.reshape(output_of(recording, part.source).shape) for units in same]
        for place in part.places[(part.places >= 0).all(1)] if masks else ():
            assert any(mask[tuple(place)].any() for mask in masks), about
