"""What is asked on a unit: the answers of the engine, against the recording itself."""

import numpy as np
import pytest
import torch
from torch import nn

import cnnviewer
from cnnviewer.engine import Engine
from cnnviewer.engine.engine import Scene
from cnnviewer.engine.live import changes, needs
from cnnviewer.engine.questions import answer_question
from cnnviewer.errors import CnnviewerError, RecordingError
from cnnviewer.images import as_image
from cnnviewer.messages import ImageRequest, NetworkRequest, ScaleChoice
from cnnviewer.questions import EffectiveRequest, FieldRequest, ReachRequest, UnitRequest, WayRequest
from cnnviewer.recorder import record
from cnnviewer.resources import resource

SCALE = ScaleChoice()


@pytest.fixture(scope="module")
def scene():
    photo = as_image(resource("samples", "digit-3.png"))
    return Scene(record(cnnviewer.load_network("lenet5"), photo), photo, "digit")


def padded_scene(mode):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 2, 3, padding=2, padding_mode=mode), nn.ReLU())
    photo = as_image(np.zeros((8, 8, 3), np.uint8))
    return Scene(cnnviewer.record(cnnviewer.from_module(module), torch.randn(1, 3, 8, 8)), photo, "noise")


def index_of(scene, name):
    return scene.recording[name].index


def test_a_convolution_is_told_channel_by_channel(scene):
    unit = 8, 5, 5
    answer = answer_question(UnitRequest(index_of(scene, "c3"), unit, SCALE), scene)
    layer, before = scene.recording["c3"], scene.recording["s2"].output.double()
    products = before[:, 5:10, 5:10] * layer.parameters["weight"][8].detach().double()
    sums = {channel.channel: channel.total for channel in answer.channels}
    for channel, total in enumerate(products.sum((1, 2)).tolist()):
        assert sums[channel] == pytest.approx(total)
    totals = [abs(channel.total) for channel in answer.channels]
    assert totals == sorted(totals, reverse=True)
    window = answer.window
    assert window.channel == answer.channels[0].channel
    np.testing.assert_allclose(window.products, products[window.channel].numpy())
    np.testing.assert_allclose(window.values, before[window.channel, 5:10, 5:10].numpy())
    assert window.places[1][2] == (window.channel, 6, 7)
    assert answer.value == pytest.approx(answer.recorded, rel=1e-5)
    assert sum(term.contribution for term in answer.terms) + answer.rest + answer.bias == pytest.approx(answer.value)


def test_another_channel_can_be_asked_for(scene):
    answer = answer_question(UnitRequest(index_of(scene, "c3"), (8, 5, 5), SCALE, channel=1), scene)
    assert answer.window.channel == 1
    np.testing.assert_array_equal(answer.window.values, scene.recording["s2"].output[1, 5:10, 5:10].double().numpy())


def test_max_pooling_marks_its_winner(scene):
    before = scene.recording["relu1"].output
    channel = int(before.flatten(1).amax(1).argmax())
    best = int(scene.recording["s2"].output[channel].argmax())
    row, column = divmod(best, 14)
    window = answer_question(UnitRequest(index_of(scene, "s2"), (channel, row, column), SCALE), scene).window
    block = before[channel, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
    assert window.winner == divmod(int(block.argmax()), 2)
    assert window.kernel.size == 0


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_padding_is_drawn_as_such_in_every_mode(mode):
    scene = padded_scene(mode)
    layer = next(layer for layer in scene.recording.layers if layer.operation == "conv2d")
    window = answer_question(UnitRequest(layer.index, (1, 0, 4), SCALE), scene).window
    assert window.is_padding.tolist() == [[True] * 3, [True] * 3, [False] * 3]
    inside = answer_question(UnitRequest(layer.index, (1, 5, 5), SCALE), scene).window
    assert not inside.is_padding.any()


def test_a_field_is_told_with_what_lies_outside(scene):
    answer = answer_question(FieldRequest(index_of(scene, "s4"), (3, 0, 0)), scene)
    field = cnnviewer.receptive_field(scene.recording, "s4", (3, 0, 0))
    assert answer.box == (field.top, field.left, field.bottom, field.right)
    assert answer.shape == (32, 32)
    assert answer.stride == (4, 4)


def test_the_effect_of_each_pixel_is_transparent_where_there_is_none(scene):
    unit = 8, 5, 5
    answer = answer_question(EffectiveRequest(index_of(scene, "c3"), unit, SCALE), scene)
    assert answer.pixels.shape == (32, 32)
    alpha = answer.pixels >> np.uint32(24)
    outside = np.ones((32, 32), bool)
    outside[10:24, 10:24] = False
    assert not alpha[outside].any()
    assert alpha.max() == 215
    assert 0 < answer.share <= 1


def test_a_pixel_reaches_the_units_that_see_it(scene):
    answer = answer_question(ReachRequest(index_of(scene, "c1"), 2, (10, 12)), scene)
    expected = np.zeros((28, 28), bool)
    expected[6:11, 8:13] = True
    np.testing.assert_array_equal(answer.mask, expected)
    assert answer.count == 6 * 25
    everywhere = answer_question(ReachRequest(index_of(scene, "f6"), 0, (10, 12)), scene)
    assert everywhere.mask.shape == (1, 84)
    assert everywhere.mask.all()


def test_a_way_has_a_picture_of_each_step_with_the_unit_on_it(scene):
    answer = answer_question(WayRequest(len(scene.recording.layers) - 1, (3,), SCALE, 60), scene)
    assert [step.layer for step in answer.steps][::-1][0] == "input"
    for step in answer.steps:
        assert max(step.pixels.shape) == 60
        left, top, right, bottom = step.cell
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
    units = {(step.layer, step.unit): step.value for step in answer.steps[:-1]}
    for (name, unit), value in units.items():
        assert value == float(scene.recording[name].output[unit])


def test_the_way_on_tells_how_many_units_are_fed(scene):
    answer = answer_question(WayRequest(index_of(scene, "relu1"), (1, 9, 9), SCALE, 40, is_forward=True), scene)
    assert {step.layer for step in answer.steps[1:]} == {"s2"}
    assert answer.steps[1].note == "feeds 1 of 1,176"


def test_a_vector_behind_its_end_is_transparent(scene):
    answer = answer_question(WayRequest(index_of(scene, "f6"), (83,), SCALE, 100), scene)
    pixels = answer.steps[0].pixels  # 84 units in 9 rows of 10
    assert pixels[-1, -1] == 0
    assert pixels[-1, 0] != 0


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: UnitRequest(99, (0,), SCALE),
        lambda: FieldRequest(-1, (0,)),
        lambda: UnitRequest(0, (0, 99, 0), SCALE),
        lambda: WayRequest(0, (0,), SCALE, 40),
        lambda: ReachRequest(0, 0, (40, 0)),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(scene, request_of):
    with pytest.raises(CnnviewerError, match=r"has no (layer|unit)"):
        answer_question(request_of(), scene)


def test_the_engine_answers_without_leaving_inference_mode_on():
    engine = Engine()
    try:
        engine.open_network(NetworkRequest("lenet5"))
        engine.open_image(ImageRequest("digit", path=resource("samples", "digit-3.png")))
        answer = engine.picture(EffectiveRequest(0, (0, 3, 3), SCALE))
        assert answer.pixels.any()
        assert not torch.is_inference_mode_enabled()
        with pytest.raises(RecordingError):
            engine.picture(UnitRequest(0, (9, 0, 0), SCALE))
    finally:
        engine.close()


def test_a_frame_keeps_what_its_questions_need(scene):
    recording = scene.recording
    layer, before = index_of(scene, "c3"), index_of(scene, "s2")
    assert needs(UnitRequest(layer, (8, 5, 5), SCALE), recording) == {layer, before}
    assert needs(UnitRequest(0, (0, 5, 5), SCALE), recording) == {0}
    assert needs(FieldRequest(layer, (8, 5, 5)), recording) == frozenset()
    assert needs(WayRequest(layer, (8, 5, 5), SCALE, 40), recording) is None
    assert changes(UnitRequest(layer, (8, 5, 5), SCALE))
    assert not changes(FieldRequest(layer, (8, 5, 5)))
