"""What the random user drops, pastes and chooses: files as people have them, whole and damaged."""

from __future__ import annotations

import shutil
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["Materials", "make_materials"]

_SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "weights"
_DIGITS = 6


@dataclass(frozen=True)
class Materials:
    """Paths of each sort."""

    images: tuple[Path, ...]
    damaged: tuple[Path, ...]
    videos: tuple[Path, ...]
    networks: tuple[Path, ...]
    folders: tuple[Path, ...]
    """Of images, of classes, empty ones, and a training's."""

    @property
    def all(self) -> tuple[Path, ...]:
        return (*self.images, *self.damaged, *self.videos, *self.networks, *self.folders)


def make_materials(folder: Path) -> Materials:
    """Make them where they are not there yet."""
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("images", "damaged", "videos", "networks", "folders"):
            (folder / name).mkdir(parents=True)
        _make_images(folder / "images")
        _make_networks(folder / "networks")
        _make_folders(folder / "folders")
        _make_video(folder / "videos")
        _make_damaged(folder / "damaged", folder)
        (folder / "made").touch()
    return Materials(
        *(tuple(sorted((folder / name).iterdir())) for name in ("images", "damaged", "videos", "networks", "folders"))
    )


def _photo(seed: int, *size: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8)


def _make_images(folder: Path) -> None:
    from cnnviewer.inputs.samples import list_samples

    for sample in list_samples()[:6]:
        shutil.copy(sample.path, folder)
    Image.fromarray(_photo(1, 40, 60, 4), "RGBA").save(folder / "clear.png")
    Image.fromarray(_photo(2, 1, 1, 3)).save(folder / "one pixel.png")
    Image.fromarray(_photo(3, 3, 2000, 3)).save(folder / "strip.png")
    Image.fromarray(_photo(4, 1500, 2000, 3)).save(folder / "large.jpg")
    Image.fromarray(_photo(5, 64, 64).astype(np.uint16) * 16).save(folder / "twelve bits.tif")
    Image.fromarray(_photo(6, 28, 28)).save(folder / "Ziffer ä 数字.png")
    pages = [Image.fromarray(_photo(number, 32, 48, 3)) for number in range(5)]
    pages[0].save(folder / "moving.gif", save_all=True, append_images=pages[1:], duration=80, loop=0)
    pages[0].save(folder / "pages.tif", save_all=True, append_images=pages[1:])


def _make_networks(folder: Path) -> None:
    import torch
    from safetensors.torch import save_file

    from cnnviewer import load_network

    weights = load_network("lenet5").module.state_dict()
    torch.save(weights, folder / "lenet5.pth")
    save_file(weights, folder / "lenet5.safetensors")
    torch.save(weights, folder / "old.pt", _use_new_zipfile_serialization=False)
    for name in ("mnist.onnx", "resnet20-12fca82f.th"):
        if (_SHARED / name).exists():
            shutil.copy(_SHARED / name, folder)


def _make_folders(folder: Path) -> None:
    (folder / "empty").mkdir()
    for split in ("train", "test"):
        for name in ("crosses", "noughts"):
            place = folder / "classes" / split / name
            place.mkdir(parents=True)
            for number in range(_DIGITS):
                Image.fromarray(_photo(number, 28, 28)).save(place / f"{number}.png")
    (folder / "flat").mkdir()
    for number in range(_DIGITS):
        Image.fromarray(_photo(number, 50, 40, 3)).save(folder / "flat" / f"photo {number}.jpg")
    _train(folder / "run")


def _train(folder: Path) -> None:
    import cnnviewer
    from cnnviewer.training.settings import Settings

    for _ in cnnviewer.train(
        cnnviewer.load_network("lenet5"), "mnist-5k", Settings(epochs=1, batch_size=512), out=folder
    ):
        pass


def _make_video(folder: Path) -> None:
    """Make a short video by the program's own recorder."""
    from PySide6.QtCore import QEventLoop, QTimer

    from cnnviewer.qt.live.media import check_media

    check_media()
    from cnnviewer.qt.live.film import VideoFile, video_suffix
    from cnnviewer.qt.live.video_frames import to_video_frame
    from cnnviewer.qt.widgets.images import to_image

    def wait() -> None:
        loop = QEventLoop()
        QTimer.singleShot(10, loop.quit)
        loop.exec()

    made = VideoFile(folder / f"short.{video_suffix()}")
    made.begin()
    for number in range(20):
        pixels = np.full((64, 96), 0xFF000000 + number * 0x0A0805, np.uint32)
        before = made.frames
        for _ in range(200):
            made.write(to_video_frame(to_image(pixels).copy(), number * 40_000))
            wait()
            if made.frames > before:
                break
    made.end()


def _make_damaged(folder: Path, whole: Path) -> None:
    (folder / "notes.txt").write_text("No image.\n")
    (folder / "empty.jpg").touch()
    (folder / "empty.mp4").touch()
    (folder / "text.png").write_text("No image either.\n")
    (folder / "bomb.json").write_text("{" * 1000)
    for sort in ("images", "videos", "networks"):
        for path in sorted((whole / sort).iterdir()):
            content = path.read_bytes()
            (folder / f"half {path.name}").write_bytes(content[: len(content) // 2])
    (folder / "picture.mp4").write_bytes((whole / "images" / "clear.png").read_bytes())
    (folder / "huge.bmp").write_bytes(
        b"BM" + struct.pack("<IHHI", 60, 0, 0, 54) + struct.pack("<Iii", 40, 30000, 30000)
    )
    if sys.platform != "win32":
        (folder / "gone.png").symlink_to(folder / "nowhere.png")
