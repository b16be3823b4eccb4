"""What the names of a network's file and of its folder say. No torch here.

The hub of Hugging Face keeps its files in folders by their content, three levels below one with the repository's name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnnviewer.networks.files.described import list_named
from cnnviewer.networks.files.evidence import Clue, Evidence, Strength
from cnnviewer.networks.files.shards import listed_name

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["evidence_of_path", "title_of"]

_HUB = "models--"
_LEVELS = 4
_USUAL = re.compile(
    r"(\w+_)?model|(model_)?(best|last|latest|final)|checkpoint|ckpt|weights|state_dict|saved_model", re.IGNORECASE
)
"""Names that a network's file has in many folders."""
_HASH = re.compile(r"-([0-9a-f]{8,})$")


def evidence_of_path(path: Path, digest: str = "") -> Evidence:
    """Return what the names of a file and of its folder say.

    Parameters
    ----------
    path
        The file.
    digest
        The SHA-256 of its content, in hexadecimal; '' where it is not known. Torchvision's and timm's files of weights
        have its beginning in their names: such a file is what they published, for ImageNet.
    """
    absolute = path.absolute()
    hub = _repositories(absolute)
    texts = {path.stem: "The file's name"} | dict.fromkeys((absolute.parent.name, *hub), "The folder's name")
    lists = [Clue(name, source, Strength.NAMED) for text, source in texts.items() if (name := list_named(text))]
    published = _HASH.search(path.stem)
    if published and digest.startswith(published[1]):
        lists.insert(0, Clue("ImageNet-1k", "The file's name, which ends as those of published weights do,"))
    return Evidence(
        titles=tuple(Clue(text, source, Strength.NAMED) for text, source in texts.items() if text),
        datasets=tuple(lists),
    )


def title_of(path: Path, *, is_in_folder: bool) -> str:
    """Return what a network is called where nobody says: as its file, or as the folder of one that is called as many.

    Parameters
    ----------
    path
        The file.
    is_in_folder
        Whether the folder was asked for.
    """
    name = listed_name(path).rpartition(".")[0] or path.name
    if not (is_in_folder and _USUAL.fullmatch(name)):
        return name
    repositories = [repository.rpartition("--")[2] for repository in _repositories(path.absolute())]
    return next(iter(repositories), path.parent.resolve().name) or name


def _repositories(path: Path) -> list[str]:
    """Return the repository of the hub in whose folder a file lies, as one name; none of another file."""
    return [parent.name.removeprefix(_HUB) for parent in path.parents[:_LEVELS] if parent.name.startswith(_HUB)]
