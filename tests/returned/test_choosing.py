"""What networks return: which of their outputs is their answer, and which layer made it."""

from __future__ import annotations

import pytest
import torch

import cnnviewer
import shapes
from answering import answering
from cnnviewer.errors import RecordingError
from cnnviewer.outputs import Output, returned_text
from cnnviewer.recorder import Recorder, record
from quick_networks import torchvision_model

torch.set_num_threads(1)


def noise(size=64, channels=3, seed=1):
    return torch.randn((1, channels, size, size), generator=torch.Generator().manual_seed(seed))


def chosen(returned):
    """Return what is chosen of several outputs; `returned` makes them of `Answering` and its mean activations."""
    recording = record(answering(returned), noise(8))
    return recording.returned.returns, None if recording.vector is None else recording.vector.numel()


@pytest.mark.parametrize(
    ("returned", "wanted"),
    [
        (lambda net, y: (net.four(y), net.five(y).softmax(1)), ("classes", 5)),
        (lambda net, y: (net.four(y), net.five(y)), ("classes", 5)),
        (lambda net, y: (net.five(y), net.four(y)), ("classes", 5)),
        (lambda net, y: {"boxes": net.four(y).sigmoid(), "logits": net.five(y)}, ("classes", 5)),
        (lambda net, y: {"embedding": net.wide(y), "out": net.five(y)}, ("classes", 5)),
        (lambda net, y: {"landmarks": net.wide(y)[:, :10], "class_scores": net.five(y)}, ("classes", 5)),
        (lambda net, y: {"out": net.maps, "aux": net.five(y)}, ("classes", 5)),
        (lambda net, y: (net.five(y).argmax(1), net.five(y)), ("classes", 5)),
        (lambda net, y: (net.five(y), net.five(y).softmax(1)), ("classes", 5)),
        (lambda net, y: (net.one(y).tanh(), net.five(y)), ("classes", 5)),
        (lambda net, y: (net.one(y), net.five(y)), ("classes", 5)),
        (lambda net, y: (net.one(y).relu(), net.one(y).sigmoid()), ("binary", 1)),
        (lambda net, y: [net.maps, y], ("features", 4)),
        (lambda net, y: (net.maps, net.maps), ("features", None)),
        (lambda net, y: {"boxes": net.wide(y).reshape(50, 4), "scores": net.wide(y)[0].sort()[0]}, ("features", None)),
        (lambda net, y: net.five(y).squeeze(), ("classes", 5)),
        (lambda net, y: net.four(y).tanh().squeeze(), ("values", 4)),
        (lambda net, y: (net.four(y).relu(), y), ("values", 4)),
    ],
)
def test_the_answer_is_told_from_the_other_outputs(returned, wanted):
    assert chosen(returned) == wanted


def test_of_several_answers_the_first_is_shown():
    recording = record(answering(lambda net, y: (net.five(y), net.five(y * 2))), noise(8))
    assert recording.vector_index == recording[recording.outputs[0].layer].index
    assert "output “0”" in recording.returned.reason


def test_names_of_classes_tell_which_output_they_are_of():
    network = answering(lambda net, y: (net.five(y), net.wide(y)[:, :3]), categories=("a", "b", "c"))
    assert record(network, noise(8)).vector.numel() == 3


def test_a_network_that_returns_no_tensor_gives_features():
    recording = record(answering(lambda net, y: None), noise(8))
    assert (recording.returns, recording.vector, recording.scores) == ("features", None, None)
    with pytest.raises(RecordingError, match=r"it returns no tensor\. It returns no tensor of numbers\."):
        _ = recording.probabilities


def test_what_is_returned_is_told_in_a_few_words():
    outputs = tuple(Output(f"p{level}", (256, level, level), None) for level in range(7))
    assert returned_text(outputs[:2]) == "p0 256×0×0, p1 256×1×1"
    assert returned_text(outputs).endswith("p3 256×3×3, 3 more")
    assert returned_text((Output("", (), None),)) == "one number"
    assert returned_text((Output("", (5,), None),)) == "5 numbers"
    assert returned_text((Output("", (0,), None),)) == "no numbers"
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
