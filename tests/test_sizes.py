"""Sizes as people read them: one text for the same size, wherever it is told."""

from __future__ import annotations

import pytest

from cnnviewer.cli.networks import run
from cnnviewer.lessons.answering import LessonContext, answer
from cnnviewer.lessons.network_messages import FamousRequest
from cnnviewer.networks.catalogue import catalogue
from cnnviewer.networks.torchvision_networks import default_weights, file_size
from cnnviewer.sizes import byte_text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (999_600, "1 MB"), (46_830_571, "46.8 MB"), (244_408_911, "244 MB"), (5e9, "5 GB")],
)
def test_a_megabyte_is_a_million_bytes(size, text):
    assert byte_text(size) == text


def test_the_tour_the_catalogue_and_the_command_line_tell_the_same_size(torch_home, capsys):
    families = {family.name: family for family in answer(FamousRequest(), LessonContext()).families}
    entries = {entry.name: entry for entry in catalogue()}
    for name, family in families.items():
        if name != "lenet5":
            assert family.download == entries[name].download == file_size(default_weights(name))
    assert byte_text(families["alexnet"].download) == "244 MB"
    assert run(["--all", "alexnet", "torchvision"]) == 0
    assert "to download, 244 MB" in capsys.readouterr().out
