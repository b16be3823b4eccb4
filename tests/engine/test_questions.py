"""What is asked on a unit: the answers of the engine, against the recording itself."""

import numpy as np
import pytest
import torch
from torch import nn

import cnnviewer
from cnnviewer.engine import Engine
from cnnviewer.engine.live import changes, needs
from cnnviewer.engine.questions import answer_question
from cnnviewer.engine.scene import Scene
from cnnviewer.errors import CnnviewerError, RecordingError
from cnnviewer.images import as_image
from cnnviewer.messages import ImageRequest, NetworkRequest, ScaleChoice
from cnnviewer.questions import EffectiveRequest, FieldRequest, ReachRequest, Unanswered, UnitRequest, WayRequest
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
    assert answer.count == 25
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
    assert answer.notes == ("feeds 1 of 1,176 units of s2",)


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
        refused = engine.picture(UnitRequest(0, (9, 0, 0), SCALE))
        assert isinstance(refused, Unanswered)
        assert "has no unit (9, 0, 0)" in refused.sentence
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


def scene_of(module, size=8, values=None):
    """A scene of a module of the test's own."""
    torch.manual_seed(1)
    image = torch.randn(1, 3, size, size) if values is None else values
    photo = as_image(np.zeros((8, 8, 3), np.uint8))
    return Scene(cnnviewer.record(cnnviewer.from_module(module), image), photo, "noise")


class Of(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize("settings", [(1, 2, 0, 0, 1, 1), (2, 3, 0, 2, 1, 1), (3, 2, 0, 0, 1, 2)])
def test_a_unit_that_no_tap_of_a_transposed_convolution_reaches_is_its_bias(settings):
    kernel, stride, padding, extra, groups, dilation = settings
    module = nn.ConvTranspose2d(3, 4, kernel, stride, padding, extra, groups, dilation=dilation)
    scene = scene_of(module)
    layer = scene.recording.layers[0]
    seen = [answer_question(UnitRequest(0, (1, row, column), SCALE), scene) for row in range(4) for column in range(4)]
    alone = [answer for answer in seen if not answer.count]
    assert alone
    for answer in alone:
        assert answer.window is None
        assert answer.value == pytest.approx(float(layer.parameters["bias"].detach()[1]))
        assert answer.value == pytest.approx(answer.recorded)
        assert "bias alone" in answer.notes[0]


def test_a_number_without_axes_has_the_name_of_its_layer():
    scene = scene_of(Of(lambda x: x * x.mean()))
    answer = answer_question(UnitRequest(1, (0, 2, 2), SCALE), scene)
    assert [term.name for term in answer.terms] == ["R (2, 2)", "mean"]
    assert answer.value == pytest.approx(answer.terms[0].value * answer.terms[1].value)


def test_an_effect_that_is_not_finite_is_told_in_a_sentence():
    scene = scene_of(Of(lambda x: x.sqrt()), values=-torch.ones(1, 3, 8, 8))
    with pytest.raises(RecordingError, match="not finite"):
        answer_question(EffectiveRequest(0, (0, 1, 1), SCALE), scene)


def test_whole_numbers_feed_others_without_an_amount():
    scene = scene_of(Of(lambda x: (x * 4).long().flatten(1).float() * 2))
    flat = next(layer for layer in scene.recording.layers if layer.operation == "flatten")
    answer = answer_question(WayRequest(flat.index, (3,), SCALE, 40, is_forward=True), scene)
    assert answer.notes[0].startswith("feeds 1 of 192 units")


def test_a_unit_of_value_zero_is_said_to_feed_others():
    scene = scene_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 70, 3)))
    dead = (scene.recording["1"].output == 0).nonzero()[0]
    unit = tuple(dead.tolist())
    answer = answer_question(WayRequest(1, unit, SCALE, 40, is_forward=True), scene)
    assert len(answer.steps) == 1
    assert answer.notes[0].endswith("adds nothing to them")


def test_a_token_of_attention_leads_to_a_unit():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(4, 2)

        def forward(self, x):
            tokens = x.flatten(2).permute(2, 0, 1)
            return self.attention(
                torch.cat([tokens, tokens[..., :1]], 2), *[torch.cat([tokens, tokens[..., :1]], 2)] * 2
            )[0]

    scene = scene_of(Attention(), size=3)
    layer = next(layer for layer in scene.recording.layers if layer.operation == "multi_head_attention_forward")
    answer = answer_question(UnitRequest(layer.index, (2, 0, 1), SCALE), scene)
    term = answer.terms[0]
    assert len(term.place) == scene.recording[term.source].output.ndim


def test_classes_name_the_scores_and_not_a_hidden_vector_of_their_length():
    network = cnnviewer.from_module(
        nn.Sequential(nn.Flatten(), nn.Linear(192, 3), nn.ReLU(), nn.Linear(3, 3), nn.Softmax(1)),
        categories=["a", "b", "c"],
    )
    scene = Scene(cnnviewer.record(network, torch.randn(1, 3, 8, 8)), as_image(np.zeros((8, 8, 3), np.uint8)), "noise")
    hidden = answer_question(UnitRequest(3, (1,), SCALE), scene)
    assert {term.name for term in hidden.terms} == {"unit 0", "unit 1", "unit 2"}
    shares = answer_question(UnitRequest(4, (1,), SCALE), scene)
    assert {term.name for term in shares.terms} == {"a", "b", "c"}


def test_a_pooled_number_is_a_map_of_its_own():
    scene = scene_of(Of(lambda x: x.mean((2, 3))))
    answer = answer_question(ReachRequest(0, 1, (3, 3)), scene)
    assert answer.mask.tolist() == [[True]]
