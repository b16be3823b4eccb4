"""Small valid files of each kind, to begin with."""

from __future__ import annotations

import gzip
import struct
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["make_seeds"]


def make_seeds(folder: Path) -> dict[str, list[Path]]:
    """Make files, or folders of files; return them by their kind."""
    found: dict[str, list[Path]] = {}
    for kind, make in _KINDS.items():
        place = folder / kind
        place.mkdir(parents=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            make(place)
        found[kind] = sorted(place.iterdir())
    return found


def _images(folder: Path) -> None:
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, (14, 18, 4), dtype=np.uint8)
    photo = Image.fromarray(pixels[..., :3])
    for ending in ("png", "jpg", "bmp", "tif", "webp", "ppm", "gif"):
        photo.save(folder / f"photo.{ending}")
    Image.fromarray(pixels).save(folder / "transparent.png")
    Image.fromarray(pixels[..., 0].astype(np.uint16) * 256).save(folder / "deep.tif")
    Image.fromarray(pixels[..., 0].astype(np.float32)).save(folder / "float.tif")
    photo.save(folder / "pages.tif", save_all=True, append_images=[photo, photo])
    for ending in ("gif", "webp", "png"):
        photo.save(folder / f"moving.{ending}", save_all=True, append_images=[photo.rotate(9), photo])
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(folder / "turned.jpg", exif=exif)


def _arrays(folder: Path) -> None:
    import numpy as np

    values = np.random.default_rng(0).integers(0, 255, (14, 18, 3), dtype=np.uint8)
    np.save(folder / "image.npy", values)
    np.save(folder / "bands.npy", np.moveaxis(values, 2, 0).astype(np.float32))
    np.savez(folder / "image.npz", values)


def _weights(folder: Path) -> None:
    import torch
    from safetensors.torch import save_file

    from cnnviewer.networks import load_network

    state = dict(load_network("lenet5", None).module.state_dict())
    save_file(state, folder / "net.safetensors", {"format": "pt"})
    torch.save(state, folder / "net.pth")
    torch.save(state, folder / "old.bin", _use_new_zipfile_serialization=False)
    nested = {"epoch": 3, "state_dict": {f"module.{key}": value for key, value in state.items()}, "args": {"lr": 0.1}}
    torch.save(nested, folder / "net.ckpt")


def _plain() -> Any:
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 7 * 7, 5)
    ).eval()


def _onnx(folder: Path) -> None:
    import torch

    for opset in (13, 18):
        path = folder / f"net{opset}.onnx"
        torch.onnx.export(_plain(), (torch.rand(1, 3, 16, 16),), path, dynamo=False, opset_version=opset)


def _modules(folder: Path) -> None:
    import torch

    torch.save(_plain(), folder / "module.pth")
    torch.save(_plain(), folder / "module.bin", _use_new_zipfile_serialization=False)


def _keras(folder: Path) -> None:
    try:
        import keras
    except ImportError:  # an extra that is not installed
        return
    layers = keras.layers
    image = keras.Input((16, 16, 3))
    x = layers.MaxPooling2D()(layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(image)))
    model = keras.Model(image, layers.Dense(5, activation="softmax")(layers.Flatten()(x)))
    for ending in ("keras", "h5"):
        model.save(folder / f"net.{ending}")


def _cards(folder: Path) -> None:
    from cnnviewer.card import Card, write_card
    from cnnviewer.preprocessing import Preprocessing

    how = Preprocessing((224, 224), 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    write_card(Card(how, ("cat", "dog"), "resnet18", "pets"), folder / "card.json")
    write_card(Card(how, "ImageNet-1k"), folder / "list.json")


def _designs(folder: Path) -> None:
    from cnnviewer.designs import save_design
    from cnnviewer.ready_designs import DESIGNS

    for number, design in enumerate(DESIGNS.values()):
        save_design(design, folder / f"design{number}.json")


def _idx(folder: Path) -> None:
    for name, is_packed in (("plain", False), ("packed", True)):
        place = folder / name
        place.mkdir()
        for prefix in ("train", "t10k"):
            images = struct.pack(">IIII", 0x803, 40, 28, 28) + bytes(range(196)) * 4 * 40
            labels = struct.pack(">II", 0x801, 40) + bytes(range(10)) * 4
            for data, file in ((images, f"{prefix}-images-idx3-ubyte"), (labels, f"{prefix}-labels-idx1-ubyte")):
                if is_packed:
                    (place / f"{file}.gz").write_bytes(gzip.compress(data))
                else:
                    (place / file).write_bytes(data)


def _folders(folder: Path) -> None:
    from PIL import Image

    for split in ("train", "test"):
        for name in ("cat", "dog"):
            place = folder / "pets" / split / name
            place.mkdir(parents=True)
            for number in range(3):
                Image.new("RGB", (9, 8), (20 * number, 90, 9)).save(place / f"{number}.{'png' if number else 'jpg'}")


def _runs(folder: Path) -> None:
    from cnnviewer.networks.architectures import Architecture
    from cnnviewer.training.plan import Plan
    from cnnviewer.training.settings import Settings
    from cnnviewer.training.start import begin

    data = folder.parent / "data-of-the-run"
    data.mkdir()
    _folders(data)
    plan = Plan(
        architecture=Architecture.named("lenet5"),
        dataset=str(data / "pets"),
        validation=0.2,
        settings=Settings(epochs=2, batch_size=3, device="cpu"),
    )
    training = begin(plan, folder / "run")
    try:
        for _ in training:
            pass
    finally:
        training.close()


_KINDS: dict[str, Callable[[Path], None]] = {
    "images": _images,
    "arrays": _arrays,
    "weights": _weights,
    "modules": _modules,
    "onnx": _onnx,
    "keras": _keras,
    "cards": _cards,
    "designs": _designs,
    "idx": _idx,
    "folders": _folders,
    "runs": _runs,
}
