"""A photo that is changed by hand: the network gets the changed one, and the file is read once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cnnviewer import load_network, record
from cnnviewer.engine import Engine
from cnnviewer.images import as_image
from cnnviewer.inputs.editing import edited
from cnnviewer.messages import ImageEdit, ImageRequest, NetworkRequest


@pytest.fixture
def opened(samples):
    opened = Engine()
    opened.open_network(NetworkRequest("lenet5"))
    yield opened
    opened.close()


def test_the_network_gets_the_changed_photo(opened, samples):
    path, edit = samples / "digit-3.png", ImageEdit(shift=(0.1, 0), angle=40, scale=1.2, covers=((0, 0, 0.4, 0.4),))
    image = ImageRequest("three", path=path)
    before = opened.open_image(image)
    changed = opened.open_image(replace(image, edit=edit))
    expected = record(load_network("lenet5"), edited(as_image(path), edit)).probabilities
    np.testing.assert_allclose(changed.probabilities, expected, rtol=1e-5)
    assert changed.probabilities != before.probabilities
    assert opened.open_image(image).probabilities == before.probabilities
