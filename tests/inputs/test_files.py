"""The order of files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviewer.inputs import files


@given(
    st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=12), max_size=8),
    st.randoms(use_true_random=False),
)
def test_any_names_have_an_order(texts, random):
    paths = [Path("folder", text) for text in texts]
    ordered = files.in_natural_order(paths)
    random.shuffle(paths)
    assert files.in_natural_order(paths) == ordered


@given(st.lists(st.integers(0, 10**20), min_size=2, max_size=6))
def test_numbers_are_sorted_by_value(numbers):
    ordered = files.in_natural_order(Path(f"img{number}.png") for number in numbers)
    assert ordered == [Path(f"img{number}.png") for number in sorted(numbers)]


@pytest.mark.parametrize("module", ["files", "finding", "addresses", "samples"])
def test_imports_nothing_heavy(module):
    code = (
        f"import sys, cnnviewer.inputs.{module}\nprint(*({{'PIL', 'numpy', 'torch', 'PySide6'}} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == ""
