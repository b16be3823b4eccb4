"""The cards that the user set, remembered for the content of the file: a moved or renamed file keeps its card."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from platformdirs import user_config_path

from cnnviewer.card import Card, read_card, write_card
from cnnviewer.errors import NetworkError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["remember", "remembered", "store"]


def store() -> Path:
    """Return the folder of the remembered cards, whether it is there or not."""
    return user_config_path("cnnviewer") / "cards"


def remembered(digest: str) -> Card | None:
    """Return the card of a file with this SHA-256; None where none was set, or it is damaged."""
    path = store() / f"{digest}.json"
    with suppress(NetworkError):
        return read_card(path) if digest and path.is_file() else None
    return None


def remember(digest: str, card: Card) -> None:
    """Keep a card for a file with this SHA-256.

    Raises
    ------
    NetworkError
        If it can't be written.
    """
    try:
        store().mkdir(parents=True, exist_ok=True)
        write_card(card, store() / f"{digest}.json")
    except OSError as error:
        raise NetworkError(f"The card can't be remembered in {store()}: {error.strerror or error}.") from error
