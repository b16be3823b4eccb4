"""What is drawn at random is told as drawn, and not worked out of what it was not made of."""

import pytest
import torch
from torch.nn import functional as F

import cnnviewer
from cnnviewer.recorder import record
from small_modules import noise, tiny

torch.set_num_threads(1)


def drawing(middle):
    torch.manual_seed(1)
    return record(tiny(middle), noise())


DRAWN = {
    "bernoulli": lambda h: torch.bernoulli(h.sigmoid()),
    "bernoulli in place": lambda h: h.clone().bernoulli_(0.3),
    "normal in place": lambda h: h.clone().normal_(),
    "uniform in place": lambda h: h.clone().uniform_(-1, 1),
    "normal": lambda h: torch.normal(h, h.abs() + 1),
    "poisson": lambda h: torch.poisson(h.abs()),
    "alpha dropout": lambda h: F.alpha_dropout(h, 0.5, training=True),
    "dropout of maps": lambda h: torch.feature_dropout(h, 0.5, True),
    "dropout of another name": lambda h: torch.native_dropout(h, 0.5, True)[0],
    "attention": lambda h: F.scaled_dot_product_attention(h, h, h, dropout_p=0.5),
    "gumbel softmax": lambda h: F.gumbel_softmax(h, dim=1),
    "random leaky ReLU": lambda h: F.rrelu(h - 9, training=True),
}


@pytest.mark.parametrize("name", DRAWN)
def test_numbers_that_are_drawn_are_said_to_be(name):
    recording = drawing(DRAWN[name])
    layer = recording.layers[-3]  # before the mean and the linear layer
    for unit in [(0, 0, 0), (3, 5, 6)]:
        explanation = cnnviewer.explain(recording, layer, unit)
        assert explanation.value == explanation.recorded
        (note,) = explanation.notes
        assert "drawn at random in this pass" in note


@pytest.mark.parametrize("name", ["dropout", "dropout2d"])
def test_dropout_that_is_on_keeps_a_unit_or_drops_it(name):
    recording = drawing(lambda h: getattr(F, name)(h.view(1, 64, 2, 2), 0.5, training=True).view(h.shape))
    output, told = recording[name].output, set()
    for channel, row, column in torch.cartesian_prod(torch.arange(64), torch.arange(1), torch.arange(2)).tolist():
        explanation = cnnviewer.explain(recording, name, (channel, row, column))
        (term,), (note,) = explanation.terms, explanation.notes
        assert (term.source, term.place) == ("view", (channel, row, column))
        assert term.weight == (0 if output[channel, row, column] == 0 else 2)
        assert explanation.value == pytest.approx(explanation.recorded, rel=1e-6)
        told.add(note)
    assert len(told) == 2
    assert all("drawn at random in this pass, with a probability of 0.5" in note for note in told)


def test_dropout_that_is_off_passes_on_what_it_gets():
    recording = drawing(lambda h: F.dropout(h, 0.75, training=False))
    explanation = cnnviewer.explain(recording, "dropout", (1, 2, 3))
    assert explanation.notes == ()
    assert explanation.terms[0].weight == 1


def test_noise_that_is_added_is_a_number_of_the_networks_own():
    recording = drawing(lambda h: h + torch.randn_like(h))
    explanation = cnnviewer.explain(recording, "add", (1, 2, 3))
    assert explanation.value == pytest.approx(explanation.recorded, rel=1e-5)
    assert {term.source for term in explanation.terms} <= {"conv", "constant"}
    assert any("drawn at random in this pass" in note for note in explanation.notes)
