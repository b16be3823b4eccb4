"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Before Qt and torch are imported: no screen, and no threads that wait for each other on a busy machine.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

SAMPLES = Path(__file__).resolve().parents[1] / "resources" / "samples"


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the sample images."""
    return SAMPLES


@pytest.fixture
def torch_home(tmp_path, monkeypatch) -> Path:
    """An empty folder where torch keeps weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch"
