"""What the names of a network's file and of its folder say. No torch here.

The hub of Hugging Face keeps its files in folders by their content, three levels below one with the repository's name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnnviewer.networks.files.described import list_named
from cnnviewer.networks.files.evidence import Clue, Evidence, Strength

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["evidence_of_path"]

_HUB = "models--"
_LEVELS = 4
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
    hub = [parent.name.removeprefix(_HUB) for parent in absolute.parents[:_LEVELS] if parent.name.startswith(_HUB)]
    texts = {path.stem: "The file's name"} | dict.fromkeys((absolute.parent.name, *hub), "The folder's name")
    lists = [Clue(name, source, Strength.NAMED) for text, source in texts.items() if (name := list_named(text))]
    published = _HASH.search(path.stem)
    if published and digest.startswith(published[1]):
        lists.insert(0, Clue("ImageNet-1k", "The file's name, which ends as those of published weights do,"))
    return Evidence(
        titles=tuple(Clue(text, source, Strength.NAMED) for text, source in texts.items() if text),
        datasets=tuple(lists),
    )
