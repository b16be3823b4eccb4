"""Names of classes as checkpoints, configurations and text files have them: lists, tables by number, by name.

No torch here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cnnviewer.files import parsed
from cnnviewer.networks.files.evidence import Clue
from cnnviewer.networks.files.side_files import read_side_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["labels_beside", "literal", "names_in"]

_MOST = 100_000
_LONGEST_NAME = 300
_LONGEST_LITERAL = 1_000_000
_PLACEHOLDER = re.compile(r"(LABEL|label|class|Class|CLASS)[_ ]?\d+")
_NUMBERED = re.compile(r"(\d{1,6})\s*[\s:,;.)\]-]\s*(\S.*)")
_SYNSET = re.compile(r"n\d{8}\s+(\S.*)")
_FILES = (
    "labels.txt", "label.txt", "classes.txt", "class_names.txt", "classnames.txt", "class_labels.txt", "names.txt",
    "categories.txt", "synset.txt", "synset_words.txt", "imagenet_classes.txt", "imagenet1000_clsidx_to_labels.txt",
    "class_names.json", "classes.json", "labels.json", "names.json", "categories.json", "class_indices.json",
    "class_to_idx.json", "idx_to_class.json", "index_to_name.json", "id2label.json", "label_map.json",
    "imagenet_class_index.json",
)  # fmt: skip
"""What people and tools call the file with the names of the classes that lies beside a network."""


def labels_beside(path: Path) -> tuple[Clue[tuple[str, ...]], ...]:
    """Return the names of classes in text and JSON files beside a network's file, those for this file alone first."""
    own = [f"{path.stem}{ending}" for ending in (".labels.txt", "_labels.txt", "-labels.txt", "_classes.txt", ".txt")]
    found = []
    for name in dict.fromkeys((*own, *_FILES)):
        text = read_side_file(path.with_name(name))
        names = () if text is None else _names_in_text(text, is_json=name.endswith(".json"))
        if names:
            found.append(Clue(names, f"{name} beside the file"))
    return tuple(found)


def names_in(stored: Any) -> tuple[str, ...]:
    """Return the names of classes that a value tells, in the order of the classes; empty where it tells none.

    Parameters
    ----------
    stored
        A sequence of names; a mapping of numbers from 0 on to names, or of names to numbers (as torchvision's
        ``class_to_idx``); a sequence of mappings with a ``name``; or such a thing as text, in Python or JSON; or
        names with commas between them.
    """
    if isinstance(stored, str):
        found = literal(stored)
        stored = [part.strip() for part in stored.split(",")] if isinstance(found, str) and "," in stored else found
    if isinstance(stored, Mapping):
        stored = _in_order(stored)
    if not isinstance(stored, Sequence) or isinstance(stored, (str, bytes)) or not 0 < len(stored) <= _MOST:
        return ()
    names = tuple(map(_name, stored))
    if not all(names) or all(_PLACEHOLDER.fullmatch(name) for name in names):
        return ()
    return names


def literal(text: str) -> Any:
    """Return the list, mapping or number that a text is, as JSON or as Python writes it; else the text itself."""
    if len(text) > _LONGEST_LITERAL or not re.match(r"\s*[\[{(\d.+-]", text):
        return text
    for read in (parsed, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return text


def _in_order(stored: Mapping[Any, Any]) -> list[Any] | None:
    """Return the names of a mapping by number, or to numbers, in the order of the numbers; None where it is neither."""
    if not 0 < len(stored) <= _MOST:
        return None
    for items in (stored.items(), ((value, key) for key, value in stored.items())):
        numbered = {_number(number): name for number, name in items}
        if set(numbered) == set(range(len(stored))):
            return [numbered[number] for number in range(len(stored))]
    return None


def _number(value: Any) -> int | None:
    if type(value) is int:
        return value
    return int(value) if isinstance(value, str) and len(value) <= 6 and value.isascii() and value.isdigit() else None


def _name(value: Any) -> str:
    """Return a class's name; '' where the value is none. Of several words for a class the last is taken."""
    if isinstance(value, Mapping):
        value = value.get("name")
    if isinstance(value, (list, tuple)) and value and all(isinstance(part, str) for part in value):
        value = value[-1]  # imagenet_class_index.json: ["n01440764", "tench"]
    if type(value) is int:
        value = str(value)
    return " ".join(value.split())[:_LONGEST_NAME] if isinstance(value, str) else ""


def _names_in_text(text: str, *, is_json: bool) -> tuple[str, ...]:
    """Return the names in a text file: one a line, maybe numbered, or what JSON or Python writes."""
    found = literal(text.strip())
    if is_json or not isinstance(found, str):
        return () if isinstance(found, str) else names_in(found)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return names_in(_unnumbered(lines))


def _unnumbered(lines: list[str]) -> list[str]:
    """Return lines without the numbers before them, where those count them from 0 or 1, and without WordNet's."""
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    told = [int(found[1]) for found in numbered if found]
    if told in ([*range(len(lines))], [*range(1, len(lines) + 1)]):
        return [found[2] for found in numbered if found]
    synsets = [_SYNSET.fullmatch(line) for line in lines]
    return [found[1] for found in synsets if found] if all(synsets) else lines
