"""Keras: ``.keras`` files and HDF5. Its layers are built anew in torch, of their configuration and their weights.

Keras itself is not needed, and none of it runs: a Lambda layer, or a class of the file's own, has no place here. HDF5
is read by h5py, an extra of this program.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.guards import check_archive, check_claim, parsed_json, refusing

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.files.opened import Opened

__all__ = ["open_file"]


def open_file(path: Path, progress: ProgressCallback | None = None) -> Opened:
    """Open a network of Keras. Nothing in the file is run.

    Raises
    ------
    NetworkError
        If h5py is missing, the file can't be read, or has layers that are not known; the sentence names them.
    """
    try:
        import h5py
    except ImportError:
        raise NetworkError(
            f'{path.name} is a file of Keras, and h5py, which reads it, is missing: pip install "cnnviewer[keras]".'
        ) from None
    from cnnviewer.networks.files.keras_graph import opened

    with refusing(path, "a network of Keras"):
        if zipfile.is_zipfile(path):
            check_archive(path)
            with zipfile.ZipFile(path) as archive:
                config = parsed_json(archive.read("config.json"), path, "config.json")
                stored = io.BytesIO(archive.read("model.weights.h5"))
            with h5py.File(stored, "r") as file:
                _check(file, path)
                return opened(config, file, path, is_legacy=False)
        with h5py.File(path, "r") as file:
            _check(file, path)
            text = file.attrs.get("model_config")
            if text is None:
                raise NetworkError(
                    f"{path.name} holds weights of Keras without the network; save it whole: model.save('net.keras')."
                )
            return opened(parsed_json(text, path, "its configuration"), file, path, is_legacy=True)


def _check(file: Any, path: Path) -> None:
    """Refuse HDF5 that points elsewhere, or that claims more numbers than it can hold.

    Raises
    ------
    NetworkError
        If it does.
    """
    import h5py

    claim = 0
    groups = [(file, 0)]
    while groups:
        group, depth = groups.pop()
        if depth > 100:
            raise RecursionError
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise NetworkError(f"{path.name} is refused: {name} in it points to another place or file.")
            part = group[name]
            if isinstance(part, h5py.Group):
                groups.append((part, depth + 1))
            elif part.external or part.is_virtual:
                raise NetworkError(f"{path.name} is refused: the numbers of {name} lie in another file.")
            else:
                claim += part.size * part.dtype.itemsize
                check_claim(path, claim, "its weights")
