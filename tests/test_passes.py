"""Forward passes of a network's own code: without gradients, and with them where the code asks for some."""

import pytest
import torch
from torch import nn

import cnnviewer
from cnnviewer.recorder import Recorder
from small_modules import noise, tiny

torch.set_num_threads(1)


class Steepest(nn.Module):
    """Works out where its own score grows, and adds that to the image: autograd used inside of forward."""

    def __init__(self, how):
        super().__init__()
        self.conv, self.head, self.how = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 5), how

    def score(self, x):
        return self.head(self.conv(x).relu().mean((2, 3)))

    def forward(self, x):
        with torch.enable_grad():
            given = x.detach().clone().requires_grad_()
            score = self.score(given).sum()
            if self.how == "grad":
                (slope,) = torch.autograd.grad(score, given)
            else:
                score.backward()
                slope = given.grad
        return self.score(x + slope)


class Adapting(Steepest):
    """Takes a step along the gradient of its own weights, and leaves it to the caller that there are gradients.

    Finn, Abbeel and Levine (2017), "Model-Agnostic Meta-Learning".
    """

    def forward(self, x):
        (slope,) = torch.autograd.grad(self.score(x).square().sum(), self.head.weight)
        weight = self.head.weight - 0.1 * slope
        return nn.functional.linear(self.conv(x).relu().mean((2, 3)), weight, self.head.bias)


def test_code_that_needs_gradients_of_its_weights_is_recorded():
    torch.manual_seed(0)
    module = Adapting("").eval()
    recorder = Recorder(cnnviewer.from_module(module))
    for seed in range(2):
        image = noise(seed)
        recording = recorder.record(image.clone())
        wanted = module(image.clone())[0].detach()
        assert torch.equal(recording[recording.outputs[0].layer].output, wanted)
        assert not any(layer.output.requires_grad for layer in recording.layers)
        assert recording.run_notes == ("run as written: it computes gradients",)
        for layer in recording.layers:
            cnnviewer.render(layer)


@pytest.mark.parametrize("how", ["grad", "backward"])
def test_code_that_computes_gradients_is_recorded(how):
    torch.manual_seed(0)
    module = Steepest(how).eval()
    recorder = Recorder(cnnviewer.from_module(module))
    for seed in range(3):
        image = noise(seed)
        recording = recorder.record(image.clone())
        with torch.no_grad():
            wanted = module(image.clone())[0]
        assert torch.equal(recording[recording.outputs[0].layer].output, wanted.detach())
        assert not any(layer.output.requires_grad for layer in recording.layers)
        assert recording.run_notes == ("run as written: it computes gradients",)
        frame = recorder.record_frame(image.clone(), frozenset([0]))
        assert torch.equal(frame.layers[0].output, recording.layers[0].output)
    explanation = cnnviewer.explain(recording, recording.layers[-1], (2,))
    assert explanation.value == pytest.approx(explanation.recorded, abs=1e-5)
    for layer in recording.layers:
        cnnviewer.render(layer)


def test_random_numbers_are_those_of_a_single_run():
    class Drawing(Steepest):
        def forward(self, x):
            return super().forward(x + torch.rand(()))

    torch.manual_seed(0)
    module = Drawing("grad").eval()
    recorder = Recorder(cnnviewer.from_module(module))
    torch.manual_seed(5)
    recording = recorder.record(noise())
    torch.manual_seed(5)
    with torch.no_grad():
        wanted = module(noise())[0]
    assert torch.equal(recording[recording.outputs[0].layer].output, wanted)


def test_what_fails_for_another_reason_is_run_once():
    calls = []

    def middle(h):
        calls.append(1)
        return h @ h[0, 0, 0]  # of another size

    with pytest.raises(cnnviewer.CnnviewerError, match="failed on this image"):
        Recorder(tiny(middle)).record(noise(size=9).narrow(2, 0, 5))
    assert len(calls) == 1
