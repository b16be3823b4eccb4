"""How the program reads what it is given, kind by kind: each returns, or raises one of its own errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["READERS"]


def _read_image(path: Path) -> None:
    import cnnviewer
    from cnnviewer.images import read_image
    from cnnviewer.inputs.videos import is_video

    is_video(path)
    image = read_image(path)
    if image.width * image.height < 1_000_000:
        cnnviewer.record(_lenet(), image)


def _read_arrays(path: Path) -> None:
    import cnnviewer

    cnnviewer.record(_lenet(), path)


def _read_network(path: Path) -> None:
    """Look into a file, and open it as it was looked into; then show it an image."""
    import cnnviewer
    from cnnviewer.network_reports import FileRequest
    from cnnviewer.networks.files.opening import FileOpener

    opener = FileOpener()
    report = opener.inspect(FileRequest(path))
    if report.card is not None and not report.consent:
        network = opener.open(path, report.card, digest=report.digest)
        cnnviewer.record(network, _photo()).top(3)


def _read_module(path: Path) -> None:
    """Look into a pickled module with the user's consent: what it names is not run, but stood in for."""
    from cnnviewer.network_reports import FileRequest
    from cnnviewer.networks.files.opening import FileOpener

    FileOpener().inspect(FileRequest(path, allow_code=False))


def _read_card(path: Path) -> None:
    from cnnviewer.card import card_beside, from_json, read_card, to_json

    card_beside(path.with_suffix(".pth"))
    card = read_card(path)
    assert from_json(to_json(card)) == card
    card.preprocessing.describe()


def _read_design(path: Path) -> None:
    from cnnviewer.designs import examine, open_design, problems
    from cnnviewer.networks.architectures import Architecture, build

    design = open_design(path)
    examine(design, 10)
    if not problems(design, 10) and sum(fact.parameters for fact in examine(design, 10)) < 20_000_000:
        build(Architecture(design=design), tuple("abcdefghij"), seed=0)


def _read_idx(path: Path) -> None:
    from cnnviewer.datasets import load_dataset

    load_dataset("mnist", folder=path)


def _read_folder(path: Path) -> None:
    from cnnviewer.datasets import load_dataset

    load_dataset(path, fit=_lenet().preprocessing.pixels, validation=0.2)


def _read_run(path: Path) -> None:
    """Do with a run all that can be done: open it, follow it, play its film, go on with it."""
    import cnnviewer
    from cnnviewer.errors import CnnviewerError
    from cnnviewer.networks.run_folder import is_run, list_snapshots
    from cnnviewer.networks.trained import read_snapshot
    from cnnviewer.training.following import Follower
    from cnnviewer.training.resuming import Changes
    from cnnviewer.training.start import go_on

    is_run(path)
    refusals = []
    try:
        cnnviewer.record(cnnviewer.load_network(path), _photo())
    except CnnviewerError as error:
        refusals.append(error)
    try:
        following = Follower(path)
        following.poll()
        _ = following.steps, following.moments()
        for step in list_snapshots(path):
            read_snapshot(path, step)
    except CnnviewerError as error:
        refusals.append(error)
    training = go_on(path, changes=Changes(device="cpu"))
    try:
        for number, _ in enumerate(training):
            if number > 5:
                break
    finally:
        training.close()


_KEPT: dict[str, object] = {}


def _lenet() -> object:
    if "lenet" not in _KEPT:
        import cnnviewer

        _KEPT["lenet"] = cnnviewer.load_network("lenet5", None)
    return _KEPT["lenet"]


def _photo() -> object:
    from PIL import Image

    return Image.effect_noise((40, 30), 60).convert("RGB")


READERS: dict[str, Callable[[Path], None]] = {
    "images": _read_image,
    "arrays": _read_arrays,
    "weights": _read_network,
    "modules": _read_module,
    "onnx": _read_network,
    "keras": _read_network,
    "cards": _read_card,
    "designs": _read_design,
    "idx": _read_idx,
    "folders": _read_folder,
    "runs": _read_run,
}
