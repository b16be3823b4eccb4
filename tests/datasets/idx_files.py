"""IDX files for the tests of datasets."""

from __future__ import annotations

import gzip
import struct

import torch


def idx(values):
    """The bytes of an IDX file with these values."""
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.numpy().tobytes()


def digits(count, start=0):
    """Images (count, 28, 28), each different, and labels that go round the ten classes; uint8."""
    images = (torch.arange(count * 28 * 28).reshape(count, 28, 28) + start * 7).to(torch.uint8)
    images[:, 0, 0] = torch.arange(start, start + count)
    return images, torch.arange(count).remainder(10).to(torch.uint8)


def set_files(train=40, test=20):
    """The four files of a set, packed, by their names."""
    files = {}
    for prefix, (images, labels) in (("train", digits(train)), ("t10k", digits(test, 100))):
        files[f"{prefix}-images-idx3-ubyte.gz"] = gzip.compress(idx(images))
        files[f"{prefix}-labels-idx1-ubyte.gz"] = gzip.compress(idx(labels))
    return files


def write_set(folder, **sizes):
    """Write the four files of a set."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in set_files(**sizes).items():
        (folder / name).write_bytes(data)
