"""What is told of famous networks: against the modules that are opened, and against torchvision."""

from __future__ import annotations

import pytest
import torch
from torchvision.models import get_model_weights

from cnnviewer import list_networks
from cnnviewer.lessons.answering import LessonContext, answer
from cnnviewer.lessons.famous import FAMILIES
from cnnviewer.lessons.network_messages import FamousRequest
from cnnviewer.network import from_module
from cnnviewer.networks import recipe_of
from cnnviewer.networks.downloads import weights_path
from cnnviewer.networks.torchvision_networks import file_size
from cnnviewer.recorder import record


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_depth_and_parameters_are_those_of_the_module(family):
    recipe = recipe_of(family.name)
    with torch.device("meta"):
        module = recipe.build()
    assert sum(parameter.numel() for parameter in module.parameters()) == family.parameters
    preprocessing = recipe.preprocessing
    image = torch.empty(1, preprocessing.channels, *preprocessing.size, device="meta")
    recording = record(from_module(module, preprocessing=preprocessing), image)
    depths = {"input": 0}
    for layer in recording.layers:
        before = max((depths[name] for name in layer.inputs), default=0)
        depths[layer.name] = before + (layer.kind in ("convolution", "linear"))
    assert max(depths.values()) == family.depth


def test_accuracies_are_those_that_torchvision_publishes(torch_home):
    families = answer(FamousRequest(), LessonContext()).families
    assert [family.year for family in families] == sorted(family.year for family in families)
    for family in families:
        assert any(family.name in names for names in list_networks().values())
        if family.name == "lenet5":
            assert family.top1 is None
            assert family.is_local
            continue
        weights = get_model_weights(family.name)
        published = weights["IMAGENET1K_V1"].meta["_metrics"]["ImageNet-1K"]["acc@1"]
        assert family.top1 == pytest.approx(published / 100)
        assert family.opened == weights["DEFAULT"].name
        assert family.download == file_size(weights["DEFAULT"])
        assert not family.is_local


def test_weights_that_are_here_are_told(torch_home):
    path = weights_path(get_model_weights("alexnet")["DEFAULT"].url)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    here = [family.name for family in answer(FamousRequest(), LessonContext()).families if family.is_local]
    assert here == ["lenet5", "alexnet"]
