"""What stands in the JSON files of a training run: each field, its sort and its range. No torch here.

This is the one place that judges them. Who reads a run asks for `checked` values, and relies on them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Check = Callable[[object], Any]

__all__ = ["CARD", "EVALUATION", "EVALUATION_LINE", "STATE", "STEP_LINE", "checked"]

_MOST = 2**31 - 1
_MOST_CLASSES = 1_000_000
_LONGEST = 40


@dataclass(frozen=True)
class Field:
    """A field: where it stands, "dataset.name", what it must be, and whether it must be there."""

    place: str
    check: Check
    is_needed: bool = True


def checked(stored: object, fields: tuple[Field, ...]) -> dict[str, Any]:
    """Return the values of a JSON object by their places, as they are used; what may be missing and is, is left out.

    Raises
    ------
    ValueError
        If one is missing that must be there, or is something else; the message names it.
    """
    if not isinstance(stored, dict):
        raise ValueError("it is no JSON object")
    found: dict[str, Any] = {}
    for field in fields:
        home: object = stored
        *way, last = field.place.split(".")
        for key in way:
            home = home.get(key) if isinstance(home, dict) else None
        if not isinstance(home, dict) or last not in home:
            if field.is_needed:
                raise ValueError(f'it does not tell its "{field.place}"')
            continue
        try:
            found[field.place] = field.check(home[last])
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f'its "{field.place}" can not be {str(home[last])[:_LONGEST]!r}') from None
    return found


# ---- what a value must be; each returns it as it is used, or raises


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # half of a pair of surrogates is no text
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or len(value) > _MOST_CLASSES:
        raise TypeError
    return tuple(_text(part) for part in value)


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _MOST:
        raise ValueError
    return value


def _positive(value: object) -> int:
    return _count(value) or _fail()


def _number(value: object) -> float:
    """Return a number; those that JSON has none of stand there as texts (see `cnnviewer.files.json_text`)."""
    if value in ("nan", "inf", "-inf"):
        return float(value)
    if type(value) not in (int, float):
        raise TypeError
    return float(value)  # type: ignore[arg-type]


def _finite(value: object) -> float:
    number = _number(value)
    return number if 0 <= number < math.inf else _fail()


def _share(value: object) -> float:
    number = _finite(value)
    return number if number < 1 else _fail()


def _shape(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) != 3:
        raise TypeError
    return tuple(_count(part) for part in value)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _entries(value: object) -> tuple[tuple[int, int, int], ...]:
    """Return the entries of a confusion matrix that are not 0: (label, predicted, count)."""
    if not isinstance(value, list):
        raise TypeError
    return tuple((_count(label), _count(predicted), _count(count)) for label, predicted, count in value)


def _mistakes(value: object) -> tuple[dict[str, Any], ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(checked(part, _MISTAKE) for part in value)


def _or_none(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _fail() -> Any:
    raise ValueError


_MISTAKE = (
    Field("index", _count),
    Field("label", _count),
    Field("predicted", _count),
    Field("probability", _number),
    Field("loss", _number),
)

CARD = (
    Field("network", _text),
    Field("categories", _texts),
    Field("image_shape", _shape),
    Field("architecture", lambda value: value),  # checked where it is made
    Field("dataset.name", _text),
    Field("dataset.images.train", _positive),
    Field("dataset.choice", _text, is_needed=False),
    Field("dataset.folder", _or_none(_text), is_needed=False),
    Field("dataset.validation_share", _share, is_needed=False),
    Field("settings", _object),  # the others of it are checked where they are made
    Field("settings.epochs", _count),
    Field("settings.batch_size", _positive),
    Field("settings.learning_rate", _finite),
    Field("steps_per_epoch", _or_none(_positive), is_needed=False),
    Field("finished_step", _count, is_needed=False),
    Field("ended", _text, is_needed=False),
)
"""``run.json``: what a run's card tells."""

STATE = (
    Field("step", _count),
    Field("examples", lambda value: value if type(value) is int and 0 <= value < 2**63 else _fail()),
    Field("seconds", _finite),
    Field("learning_rate", _finite),
    Field("device", _text, is_needed=False),
    Field("processes", _positive, is_needed=False),
    Field("sha256", _object),
)
"""``state.json`` of a checkpoint."""

_MEASURED = (
    Field("step", _count),
    Field("epoch", _count),
    Field("loss", _number),
    Field("accuracy", _number),
)

STEP_LINE = (
    *_MEASURED,
    Field("learning_rate", _number),
    Field("examples", lambda value: value if type(value) is int and 0 <= value < 2**63 else _fail()),
)
"""A line of ``metrics.jsonl`` on a step."""

EVALUATION_LINE = (Field("split", _text), *_MEASURED)
"""A line of ``metrics.jsonl`` on an evaluation."""

EVALUATION = (
    *EVALUATION_LINE,
    Field("classes", _count),
    Field("confusion", _entries),
    Field("mistakes", _mistakes),
)
"""``evaluation.json``."""
