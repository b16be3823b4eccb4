"""What networks return: which tensors there are, which are the scores of the classes, which layer made them."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch

import cnnviewer
import shapes
from cnnviewer.errors import RecordingError
from cnnviewer.outputs import Output, returned_text
from cnnviewer.recorder import Recorder, record
from cnnviewer.returned import class_scores, named_tensors
from quick_networks import torchvision_model

torch.set_num_threads(1)

SCORES, AUX, MAPS = torch.zeros(1, 5), torch.ones(1, 5), torch.zeros(1, 5, 8, 8)


def noise(size=64, channels=3, seed=1):
    return torch.randn((1, channels, size, size), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("result", "names"),
    [
        (SCORES, ("",)),
        ((SCORES, AUX), ("0", "1")),
        ([SCORES], ("",)),
        (OrderedDict(out=MAPS, aux=AUX), ("out", "aux")),
        ([{"boxes": AUX, "labels": SCORES}], ("boxes", "labels")),
        ([{"boxes": AUX}, {"boxes": SCORES}], ("0.boxes", "1.boxes")),
        (shapes.Scores(SCORES, AUX), ("logits", "aux")),
        (shapes.Answer(AUX, SCORES), ("features", "logits")),
        ({"features": [AUX, MAPS], "hidden": None, "loss": 3.0}, ("features.0", "features.1")),
        (None, ()),
        ("text", ()),
        ((), ()),
    ],
)
def test_all_tensors_are_found_with_their_names(result, names):
    assert tuple(name for name, _ in named_tensors(result)) == names


@pytest.mark.parametrize(
    ("result", "scores"),
    [
        (SCORES, SCORES),
        ((SCORES, AUX), SCORES),
        ([AUX, SCORES], AUX),
        (shapes.Answer(AUX, SCORES), SCORES),
        ({"features": MAPS, "out": SCORES}, SCORES),
        ({"features": MAPS, "logits": SCORES, "out": AUX}, SCORES),
        (OrderedDict(out=MAPS, aux=SCORES), None),
        (MAPS[:, :, :1, :1], MAPS[:, :, :1, :1]),
        (MAPS, None),
        (SCORES.long(), None),
        (SCORES > 0, None),
        (SCORES + 0j, None),
        (SCORES[:, :1], None),
        (torch.zeros(2, 5), None),
        (torch.zeros(()), None),
        (None, None),
    ],
)
def test_class_scores_are_told_from_the_rest(result, scores):
    found = class_scores(result)
    assert (found is None) == (scores is None)
    assert scores is None or torch.equal(found, scores)


def test_what_is_returned_is_told_in_a_few_words():
    outputs = tuple(Output(f"p{level}", (256, level, level), None) for level in range(7))
    assert returned_text(outputs[:2]) == "p0 256×0×0, p1 256×1×1"
    assert returned_text(outputs).endswith("p3 256×3×3, 3 more")
    assert returned_text((Output("", (), None),)) == "one number"
    assert returned_text(()) == "no tensor"


def test_the_layer_that_made_each_output_is_known():
    recording = record(cnnviewer.from_module(shapes.Unet()), noise())
    assert recording.outputs == (Output("out", (4, 64, 64), "out"), Output("aux", (16, 32, 32), "relu#2"))
    with pytest.raises(RecordingError, match="gives no class probabilities: it returns out 4×64×64, aux 16×32×32"):
        _ = recording.probabilities


def test_classes_as_maps_of_one_unit_are_replayed_too():
    network = cnnviewer.from_module(shapes.Grouped(3))
    recorder = Recorder(network)
    for seed in (1, 2):  # the second is replayed
        image = noise(seed=seed)
        recording = recorder.record(image)
        with torch.inference_mode():
            assert torch.equal(recording.scores, network.module(image)[0, :, 0, 0])
        assert recording.probabilities.shape == (5,)
        assert recording.layers[recording.scores_index].name == "head"
    frame = recorder.record_frame(noise(seed=3), frozenset())
    assert frame.outputs == recording.outputs
    assert frame.scores.shape == (5,)


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_auxiliary_scores_are_left_out_in_eval_mode(name):
    module = torchvision_model(name, aux_logits=True, init_weights=False)
    image = noise(96)
    recording = record(cnnviewer.from_module(module), image)
    with torch.inference_mode():
        assert torch.equal(recording.scores, module(image)[0])
    assert not any("aux" in layer.name.lower() for layer in recording.layers)


@pytest.mark.parametrize("name", ["fcn_resnet50", "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large"])
def test_segmentation_is_recorded_with_the_bits_of_plain_torch(name):
    module = torchvision_model(name, weights_backbone=None)
    image = noise()
    recording = record(cnnviewer.from_module(module), image)
    with torch.inference_mode():
        result = module(image)
    assert recording.scores is None
    (output,) = recording.outputs
    assert (output.name, output.shape) == ("out", (21, 64, 64))
    assert torch.equal(recording[output.layer].result, result["out"])


@pytest.mark.parametrize("name", ["ssdlite320_mobilenet_v3_large", "fasterrcnn_mobilenet_v3_large_320_fpn"])
def test_detection_is_recorded_with_the_bits_of_plain_torch(name):
    module = torchvision_model(name, weights_backbone=None)
    network = cnnviewer.from_module(module)
    recorder = Recorder(network)
    for seed in (1, 2):  # how many boxes are left depends on the image: nothing is replayed
        image = noise(96, seed=seed)
        recording = recorder.record(image)
        with torch.inference_mode():
            (result,) = module(image)
        assert recording.scores is None
        assert {output.name for output in recording.outputs} == {"boxes", "labels", "scores"}
        for output in recording.outputs:
            assert torch.equal(recording[output.layer].output, result[output.name])
        assert any(layer.operation in ("nms", "roi_align") for layer in recording.layers)
