"""Places in a memory: which overlap, and the calls that lead from one to another."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviewer.strided import Place, moves_between, parts_within

VIEWS = {
    "flatten": lambda t: t.flatten(1) if t.ndim > 1 and t.is_contiguous() else t,
    "transpose": lambda t: t.transpose(-1, -2) if t.ndim > 1 else t,
    "permute": lambda t: t.movedim(0, -1),
    "split": lambda t: t.unflatten(-1, (2, -1)) if t.shape[-1] % 2 == 0 and t.is_contiguous() else t,
    "channels": lambda t: t[:, :2] if t.ndim > 1 else t,
    "channel": lambda t: t[:, 1] if t.ndim > 1 and t.shape[1] > 1 else t,
    "every second": lambda t: t[..., ::2],
    "behind": lambda t: t[..., 1:] if t.shape[-1] > 1 else t,
    "chunk": lambda t: t.chunk(2, -1)[-1],
    "new axis": lambda t: t[None],
    "squeeze": lambda t: t.squeeze() if t.numel() > 1 else t,
    "diagonal": lambda t: t.diagonal(dim1=-2, dim2=-1) if t.ndim > 1 else t,
    "windows": lambda t: t.unfold(-1, 2, 1) if t.shape[-1] > 2 else t,
    "expand": lambda t: t.expand(2, *t.shape[1:]) if t.shape[0] == 1 else t,
    "nothing": lambda t: t[..., :0],
}
CHAINS = st.lists(st.sampled_from(sorted(VIEWS)), max_size=4)


def made(base, names):
    for name in names:
        base = VIEWS[name](base) if base.numel() and base.ndim else base
    return base


@settings(max_examples=300, deadline=None)
@given(CHAINS, CHAINS, st.booleans())
def test_what_lies_in_a_memory_is_found(one, other, is_channels_last):
    base = torch.arange(64.0).reshape(1, 4, 4, 4)
    if is_channels_last:
        base = base.contiguous(memory_format=torch.channels_last)
    first, second = made(base, one), made(base, other)
    here, there = Place.of(first), Place.of(second)
    numbers = [set(tensor.flatten().tolist()) for tensor in (first, second)]
    assert here.overlaps(there) == bool(numbers[0] & numbers[1])
    moves = moves_between(here, there)
    if moves is None:
        assert not numbers[1] <= numbers[0] or not here.is_nested or not numbers[1]
        return
    found = first
    for function, given_more in moves:
        found = function(found, *given_more)
    assert found.shape == second.shape
    assert torch.equal(found, second)


def names_between(one, other):
    return [function.__name__ for function, _ in moves_between(Place.of(one), Place.of(other))]


def test_the_calls_are_those_that_one_would_write():
    base = torch.arange(96.0).reshape(1, 6, 4, 4)
    assert names_between(base, base.detach()) == []
    assert names_between(base.flatten(2), base) == ["reshape"]
    assert names_between(base.transpose(2, 3), base) == ["permute"]
    assert names_between(base, base.chunk(3, 1)[1]) == ["__getitem__"]
    assert names_between(base, base.diagonal(dim1=2, dim2=3)) == ["take"]


def test_a_part_is_told_by_the_slices_that_make_it():
    base = torch.zeros(1, 6, 4, 4)
    assert parts_within(Place.of(base), Place.of(base[:, 2:5])) == (Place.of(base[:, 2:5]), (slice(None), slice(2, 5)))
    assert parts_within(Place.of(base), Place.of(base[:, 3]))[1] == (slice(None), 3)
    assert parts_within(Place.of(base[:, :2]), Place.of(base)) is None


def test_memory_that_is_read_as_other_numbers_is_not_followed():
    base = torch.zeros(4, dtype=torch.complex64)
    here, there = Place.of(base), Place.of(torch.view_as_real(base))
    assert here.overlaps(there)
    assert moves_between(here, there) is None
