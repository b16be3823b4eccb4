"""What the tests of network files share."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> dict[str, Path]:
    """One small file of each format, by the name of the format."""
    import torch
    from made_networks import image, plain, to_onnx, to_pt2
    from safetensors.torch import save_file

    folder, network = tmp_path_factory.mktemp("networks"), plain()
    save_file(network.state_dict(), folder / "net.safetensors")
    torch.save(network.state_dict(), folder / "weights.pt")
    torch.save(network.state_dict(), folder / "old_weights.pt", _use_new_zipfile_serialization=False)
    torch.save(network, folder / "module.pt")
    torch.save(network, folder / "old_module.pt", _use_new_zipfile_serialization=False)
    to_onnx(network, folder / "net.onnx", dynamo=False)
    to_pt2(network, folder / "net.pt2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(network, image()), folder / "script.pt")
    (folder / "net.py").write_text("def make():\n    import torch\n    return torch.nn.Conv2d(3, 2, 3)\n")
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def keras():
    """Keras, on the backend that `keras_models` chose."""
    return pytest.importorskip("keras")
