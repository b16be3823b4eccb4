"""What a network is opened from: a file, several that are one, or a factory; and whether it may be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cnnviewer.errors import NetworkError
from cnnviewer.files import file_hash
from cnnviewer.networks.files.factory import factories_in, is_factory
from cnnviewer.networks.files.formats import FACTORY, FOREIGN_MODULE, MODULE, SHARDS, Format, format_of
from cnnviewer.networks.files.path_names import title_of
from cnnviewer.networks.files.pickled_module import foreign_classes
from cnnviewer.networks.files.places import find_network, other_formats
from cnnviewer.networks.files.shards import shards_of
from cnnviewer.suggestions import some_of

__all__ = ["Source", "factories_of", "source_of"]


@dataclass(frozen=True)
class Source:
    """A file, or a factory, as it was when it was asked for.

    Parameters
    ----------
    text
        Its path, or that of its folder, as it was asked for; or the factory as it is named.
    path
        The file; None of a factory in a package.
    format
        What it holds.
    digest
        The SHA-256 of its content, in hexadecimal.
    nbytes
        Its size.
    others
        What else lies in its folder that holds the same network, by its name.
    """

    text: str
    path: Path | None
    format: Format
    digest: str
    nbytes: int
    others: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What messages call it."""
        return self.text if self.path is None or self.format is FACTORY else self.path.name

    @property
    def note(self) -> str:
        """What the user should know of the folder; '' where there is nothing."""
        if not self.others:
            return ""
        verb = "is" if len(self.others) == 1 else "are"
        return f"{some_of(self.others)} {verb} in the folder, too, by the name the same network: {self.title} is taken."

    @property
    def consent(self) -> str:
        """What opening it runs; '' where it runs nothing."""
        if not self.format.runs_code:
            return ""
        if self.format is FACTORY:
            where = f" in {self.path.resolve()}" if self.path else ""
            return f"Opening {self.text} runs Python code{where}."
        assert self.path is not None
        return f"Opening {self.path.resolve()} runs Python code that the file holds: {self.format.name}s are unpickled."

    @property
    def network_title(self) -> str:
        """What a network of it is called where nobody says."""
        if self.format is FACTORY or self.path is None:
            return self.text.rpartition(":")[2]
        return title_of(self.path, is_in_folder=Path(self.text) != self.path)

    def check_allowed(self, digest: str, *, allow_code: bool) -> None:
        """Do nothing if it is what was looked into, whose digest that is, and runs no code that is not allowed.

        Raises
        ------
        NetworkError
            If it is another one, or would run such code.
        """
        if digest not in ("", self.digest):
            raise NetworkError(f"{self.title} has changed since it was looked into: open it again.")
        if self.consent and not allow_code:
            raise NetworkError(
                f"{self.consent} Allow it only if you trust who wrote it: "
                "with --allow-code on the command line, allow_code=True in Python."
            )


def source_of(text: str) -> Source:
    """Return what a path or a factory's text means.

    Raises
    ------
    NetworkError
        If there is no such file, it can't be read, or holds no network.
    """
    if is_factory(text):
        place = text.rpartition(":")[0]
        path = Path(place) if place.lower().endswith(".py") and Path(place).is_file() else None
        content = "" if path is None else file_hash(path)
        digest = hashlib.sha256(f"{content}{text.rpartition(':')[2] if path else text}".encode()).hexdigest()
        return Source(text, path, FACTORY, digest, 0 if path is None else path.stat().st_size)
    path = find_network(Path(text))
    kind = SHARDS if shards_of(path) else format_of(path)
    if kind is MODULE and foreign_classes(path):
        kind = FOREIGN_MODULE
    if kind is FACTORY:
        return source_of(f"{path}:{_only_factory(path)}")
    others = other_formats(Path(text))
    try:
        if kind is SHARDS:
            shards = shards_of(path)
            digest = hashlib.sha256("".join(map(file_hash, shards)).encode()).hexdigest()
            return Source(text, path, kind, digest, sum(shard.stat().st_size for shard in shards), others)
        return Source(text, path, kind, file_hash(path), path.stat().st_size, others)
    except OSError as error:
        raise NetworkError(f"{path} can't be read: {error.strerror or error}.") from error


def factories_of(path: Path | str) -> tuple[str, ...]:
    """Return the functions of a Python file that could make a network, as texts; none of another file."""
    path = Path(path)
    is_python = path.suffix.lower() == ".py" and path.is_file()
    return tuple(f"{path}:{name}" for name in factories_in(path)) if is_python else ()


def _only_factory(path: Path) -> str:
    """Return the one function of a file that could make a network."""
    found = factories_in(path)
    if len(found) == 1:
        return found[0]
    if not found:
        raise NetworkError(f"{path.name} has no function without arguments that could make a network.")
    raise NetworkError(f"{path.name} has several functions ({', '.join(found)}): name one, {path.name}:{found[0]}.")
