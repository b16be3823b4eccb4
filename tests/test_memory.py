"""What was freed is the system's again."""

import ctypes
import sys
from pathlib import Path

import pytest
import torch

from cnnviewer.memory import free_memory, give_back

has_trim = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim")


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not has_trim, reason="the C library has no malloc_trim")
def test_freed_blocks_between_others_are_given_back():
    blocks = [torch.ones(16_000) for _ in range(4000)]  # 256 MB
    kept = blocks[::50]
    full = resident()
    del blocks
    give_back()
    assert full - resident() > 200e6
    assert all(float(block.sum()) == 16_000 for block in kept)


def test_what_is_free_is_no_more_than_there_is():
    if sys.platform == "linux":
        lines = Path("/proc/meminfo").read_text().splitlines()
        total = next(int(line.split()[1]) for line in lines if line.startswith("MemTotal:")) * 1024
        assert 0 < free_memory() < total
    assert free_memory() > 10**6
