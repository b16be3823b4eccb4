"""What a network returns, judged by its last operations, and the probabilities that are made of it."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from answering import answering
from cnnviewer.errors import NetworkError, RecordingError
from cnnviewer.recorder import Recorder, record

torch.set_num_threads(1)


def noise(seed=1):
    return torch.randn((1, 3, 8, 8), generator=torch.Generator().manual_seed(seed))


def returned(answer, **what):
    """Return the recording, and what plain PyTorch returns as one row."""
    network = answering(answer, **what)
    recording = record(network, noise())
    with torch.inference_mode():
        result = network.module(noise())
    return recording, result.reshape(-1) if isinstance(result, torch.Tensor) else None


def by_hand(net, y):
    powers = (net.five(y) - net.five(y).max(1, keepdim=True)[0]).exp()
    return powers / powers.sum(1, keepdim=True)


def evidence(net, y):
    alpha = F.softplus(net.five(y)) + 1
    return alpha / alpha.sum(1, keepdim=True)


def in_a_tree(net, y):
    """A class's share of its parent's, one parent of three classes beside another of two."""
    parents, first, second = net.four(y)[:, :2].softmax(1), net.five(y)[:, :3].softmax(1), net.five(y)[:, 3:].softmax(1)
    return torch.cat([parents[:, :1] * first, parents[:, 1:] * second], 1)


def masked_in_place(net, y):
    numbers = net.five(y)
    numbers[:, 1:3] = -torch.inf
    return numbers


def yes_and_no(net, y):
    share = net.one(y).sigmoid()
    return torch.cat([1 - share, share], 1)


SHARES = {
    "softmax": lambda net, y: net.five(y).softmax(1),
    "clipped": lambda net, y: net.five(y).softmax(1).clamp(1e-7, 1),
    "times one": lambda net, y: net.five(y).softmax(1) * 1.0,
    "flattened": lambda net, y: net.five(y).reshape(1, 5, 1, 1).softmax(1).flatten(1),
    "squeezed": lambda net, y: net.five(y).softmax(-1).squeeze(),
    "channels last": lambda net, y: net.five(y).reshape(1, 1, 1, 5).softmax(-1),
    "dropout": lambda net, y: F.dropout(net.five(y).softmax(1), training=False),
    "temperature": lambda net, y: (net.five(y) / 1.5).softmax(1),
    "mean of two": lambda net, y: (net.five(y).softmax(1) + net.five(y * 2).softmax(1)) / 2,
    "mean of a stack": lambda net, y: torch.stack([net.five(y).softmax(1), net.five(y * 2).softmax(1)]).mean(0),
    "mean of crops": lambda net, y: net.five(torch.cat([y, y * 2])).softmax(1).mean(0),
    "mean of places": lambda net, y: F.adaptive_avg_pool2d(net.point(net.maps).softmax(1), 1).flatten(1),
    "by hand": by_hand,
    "evidence": evidence,
    "yes and no": yes_and_no,
    "smoothed": lambda net, y: net.five(y).softmax(1) * 0.9 + 0.1 / 5,
    "rounded": lambda net, y: (net.five(y).softmax(1) * 1e6).round() / 1e6,
    "in a tree": in_a_tree,
}


@pytest.mark.parametrize("name", SHARES)
def test_what_is_a_probability_already_gets_no_second_softmax(name):
    recording, result = returned(SHARES[name])
    assert recording.returns == "classes"
    assert torch.equal(recording.probabilities, result)
    assert float(recording.probabilities.sum()) == pytest.approx(1, abs=1e-5)
    assert "log" not in recording.returned.reason


@pytest.mark.parametrize(
    "answer",
    [
        lambda net, y: F.log_softmax(net.five(y), 1),
        lambda net, y: net.five(y).softmax(1).log(),
        lambda net, y: (net.five(y).softmax(1) + 1e-8).log(),
        lambda net, y: net.five(y).softmax(1).clamp(1e-7, 1).log(),
        lambda net, y: net.five(y) - net.five(y).logsumexp(1, keepdim=True),
    ],
)
def test_logarithms_of_probabilities_are_undone(answer):
    recording, result = returned(answer)
    assert recording.returns == "classes"
    assert torch.allclose(recording.probabilities, result.softmax(0), atol=1e-6)


LOGITS = {
    "linear": lambda net, y: net.five(y),
    "temperature": lambda net, y: net.five(y) / net.scale,
    "cosine": lambda net, y: F.linear(F.normalize(y), F.normalize(net.five.weight)) * 16,
    "cosine by a product": lambda net, y: (F.normalize(y) @ F.normalize(net.five.weight).t()) * net.scale.exp(),
    "distance": lambda net, y: -torch.cdist(y, net.five.weight),
    "mean of two": lambda net, y: torch.stack([net.five(y), net.five(y * 2)]).mean(0),
    "masked": lambda net, y: torch.where(torch.arange(5) > 1, net.five(y), torch.tensor(-9.0)),
    "masked in place": masked_in_place,
    "pooled": lambda net, y: net.point(net.maps).mean((2, 3)),
    "pooled and rectified": lambda net, y: F.adaptive_avg_pool2d(net.point(net.maps).relu(), 1),
    "largest of places": lambda net, y: net.point(net.maps).amax((2, 3)),
}


@pytest.mark.parametrize("name", LOGITS)
def test_logits_get_a_softmax(name):
    recording, result = returned(LOGITS[name])
    assert recording.returns == "classes"
    assert torch.equal(recording.probabilities, result.softmax(0))
    assert "taken for the logits of classes" in recording.returned.reason


@pytest.mark.parametrize(
    ("answer", "groups"),
    [
        (lambda net, y: torch.cat([net.five(y).softmax(1), net.four(y).softmax(1)], 1), (0,) * 5 + (1,) * 4),
        (lambda net, y: net.wide(y)[:, :6].reshape(1, 2, 3).softmax(2).flatten(1), (0, 0, 0, 1, 1, 1)),
        (lambda net, y: net.wide(y)[:, :6].reshape(1, 3, 2).softmax(1).flatten(1), (0, 1) * 3),
    ],
)
def test_softmaxes_that_are_put_together_are_groups_of_their_own(answer, groups):
    recording, result = returned(answer)
    assert recording.returned.groups == groups
    assert torch.equal(recording.probabilities, result)
    assert "2 groups that each sum to one" in recording.returned.reason


@pytest.mark.parametrize(
    ("answer", "total"),
    [
        (lambda net, y: net.five(y).softmax(1) * 100, 100),
        (lambda net, y: sum(net.five(y * k).softmax(1) for k in (1, 2, 3)), 3),
    ],
)
def test_percent_and_sums_of_softmaxes_are_told_in_shares(answer, total):
    recording, result = returned(answer)
    assert recording.returned.total == total
    assert torch.allclose(recording.probabilities, result / total)


@pytest.mark.parametrize(
    "answer",
    [
        lambda net, y: net.five(y).sigmoid(),
        lambda net, y: F.hardsigmoid(net.five(y)),
        lambda net, y: (net.five(y).tanh() + 1) / 2,
        lambda net, y: torch.cat([net.five(y).sigmoid(), net.four(y).sigmoid()], 1).clamp(1e-6, 1 - 1e-6),
        lambda net, y: net.wide(y)[:, :6].reshape(1, 3, 2).softmax(-1)[..., 1],
        lambda net, y: net.point(net.maps).sigmoid().amax((2, 3)),
        lambda net, y: 1 / (1 + (-net.five(y)).exp()),
        lambda net, y: torch.reciprocal(1 + (-net.five(y)).exp()),
        lambda net, y: torch.cat([net.four(y).softmax(1), net.one(y).sigmoid()], 1),
    ],
)
def test_each_of_several_labels_has_its_own_probability(answer):
    recording, result = returned(answer)
    assert recording.returns == "multi-label"
    assert torch.equal(recording.probabilities, result)
    assert "each a probability for itself" in recording.returned.reason


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda net, y: net.five(y).argmax(1), "one whole number, which tells a class maybe"),
        (lambda net, y: (net.five(y).softmax(1) * 255).to(torch.uint8), "5 whole numbers"),
        (lambda net, y: net.five(y) > 0, "5 truth values"),
        (lambda net, y: net.five(y)[:, :0], "its output is empty"),
    ],
)
def test_what_is_no_row_of_scores_is_told_as_what_it_is(answer, told):
    recording, _ = returned(answer)
    assert recording.returns == "features"
    assert told in recording.returned.reason
    assert recording.returned.reason.count("rows of numbers") == 0


def test_log_sigmoids_are_undone():
    recording, result = returned(lambda net, y: F.logsigmoid(net.five(y)))
    assert recording.returns == "multi-label"
    assert torch.equal(recording.probabilities, result.exp())


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        (lambda net, y: net.one(y), torch.sigmoid),
        (lambda net, y: net.one(y).sigmoid(), torch.clone),
        (lambda net, y: net.one(y).sigmoid().squeeze(), torch.clone),
        (lambda net, y: net.five(y)[:, :2].softmax(1)[:, 1], torch.clone),
    ],
)
def test_one_number_tells_yes_or_no(answer, share):
    recording, result = returned(answer)
    assert recording.returns == "binary"
    wanted = share(result)
    assert torch.equal(recording.probabilities, torch.cat([wanted, 1 - wanted]))
    assert {name for name, _ in recording.top(2)} == {"class 1", "class 0"}


def test_the_number_of_a_binary_network_is_of_its_second_name_or_of_its_only_one():
    sure = lambda net, y: net.one(y).sigmoid() * 0 + 0.9  # noqa: E731
    assert returned(sure, categories=("cat", "dog"), returns="binary")[0].categories == ("dog", "cat")
    assert returned(sure, categories=("cat",), returns="binary")[0].categories == ("cat", "not cat")


def test_labels_and_values_without_a_name_have_a_number():
    assert returned(lambda net, y: net.five(y).sigmoid(), categories=("a", "b"))[0].category(3) == "label 3"
    assert returned(lambda net, y: net.four(y).tanh(), categories=("left",))[0].categories[:2] == ("left", "value 1")


VALUES = {
    "tanh": lambda net, y: net.four(y).tanh(),
    "relu": lambda net, y: net.four(y).relu(),
    "softplus": lambda net, y: F.softplus(net.five(y)),
    "years": lambda net, y: net.one(y).sigmoid() * 100,
    "expected value": lambda net, y: (net.five(y).softmax(1) * torch.arange(5.0)).sum(1),
    "boxes, objectness and classes": lambda net, y: torch.cat(
        [net.four(y), net.one(y).sigmoid(), net.five(y).softmax(1)], 1
    ),
    "share of one number": lambda net, y: net.one(y).softmax(1),
    "the largest": lambda net, y: net.five(y).softmax(1).topk(3)[0],
}


@pytest.mark.parametrize("name", VALUES)
def test_other_numbers_are_values(name):
    recording, result = returned(VALUES[name])
    assert (recording.returns, recording.scores, recording.scores_index) == ("values", None, None)
    assert torch.equal(recording.vector, result)
    with pytest.raises(RecordingError, match="net gives no class probabilities: it returns"):
        _ = recording.probabilities


def divided_by_length(net, y):
    numbers = net.five(y)
    return numbers / numbers.norm(dim=1, keepdim=True).clamp(min=1e-6)


def times_one_through_length(net, y):
    numbers = net.five(y)
    return numbers * torch.rsqrt((numbers * numbers).sum(1, keepdim=True) + 1e-6)


@pytest.mark.parametrize(
    "answer",
    [
        lambda net, y: F.normalize(net.five(y), dim=1),
        divided_by_length,
        times_one_through_length,
        lambda net, y: y,
        lambda net, y: net.norm(net.five(y)),
        lambda net, y: F.layer_norm(net.five(y), (5,)),
        lambda net, y: F.dropout(net.wide(y).relu(), training=False),
        lambda net, y: F.gelu(net.five(y)),
        lambda net, y: F.max_pool2d(net.maps, 6).flatten(1),
        lambda net, y: net.maps,
        lambda net, y: net.point(net.maps).softmax(1),
        lambda net, y: net.five(y)[None].expand(1, 7, 5),
    ],
)
def test_embeddings_pooled_maps_and_maps_are_features(answer):
    recording, _ = returned(answer)
    assert (recording.returns, recording.scores) == ("features", None)


def test_pooled_maps_with_as_many_names_are_classes():
    recording, result = returned(lambda net, y: y, categories=("a", "b", "c", "d"))
    assert recording.returns == "classes"
    assert torch.equal(recording.probabilities, result.softmax(0))


@pytest.mark.parametrize(
    ("said", "made"),
    [
        ("classes", lambda numbers: numbers.softmax(0)),
        ("multi-label", torch.sigmoid),
        ("values", None),
        ("features", None),
    ],
)
def test_what_is_said_holds_against_the_guess(said, made):
    recording, result = returned(lambda net, y: net.five(y), returns=said)
    assert recording.returns == said
    is_guess = said == recording.returned.returns
    assert recording.returns_reason.startswith("Its last" if is_guess else f"It is said to return {said}; its last")
    if made is None:
        assert recording.scores is None
    else:
        assert torch.equal(recording.probabilities, made(result))


def test_sigmoids_that_are_said_to_be_classes_stay_what_the_network_computes():
    recording, result = returned(lambda net, y: net.five(y).sigmoid(), returns="classes")
    assert torch.equal(recording.probabilities, result)


def test_a_word_that_is_none_of_the_five_is_refused():
    with pytest.raises(NetworkError, match='"returns" must be one of "classes", "multi-label", "binary", "values"'):
        answering(lambda net, y: y, returns="class")


def test_frames_and_replays_tell_the_same_as_the_first_image():
    recorder = Recorder(answering(SHARES["clipped"]))
    first, second = recorder.record(noise()), recorder.record(noise(2))
    frame = recorder.record_frame(noise(2), frozenset())
    assert first.returned == second.returned == frame.returned
    assert torch.allclose(frame.probabilities, second.probabilities)
