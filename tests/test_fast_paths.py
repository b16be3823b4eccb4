"""PyTorch's fast path for attention is off while operations are seen: the recording tells it, where it would be on."""

import pytest
import torch
from torch import nn

import cnnviewer
from cnnviewer.recorder import record
from plain import without_fast_path
from small_modules import noise

torch.set_num_threads(1)


class Tokens(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.conv, self.layer = nn.Conv2d(3, 16, 4, 4), layer

    def forward(self, x):
        tokens = self.conv(x).flatten(2).transpose(1, 2)
        made = (
            self.layer(tokens, tokens, tokens) if isinstance(self.layer, nn.MultiheadAttention) else self.layer(tokens)
        )
        return made[0] if isinstance(made, tuple) else made


def notes_of(layer, image):
    torch.manual_seed(0)
    module = Tokens(layer).eval()
    recording = record(cnnviewer.from_module(module), image.clone())
    with torch.inference_mode():
        fast = module(image.clone())[0]
        with without_fast_path():
            stepwise = module(image.clone())[0]
    output = recording[recording.outputs[0].layer].output
    assert torch.equal(output, stepwise)
    assert torch.allclose(output, fast, atol=1e-5)
    return recording.run_notes


@pytest.mark.parametrize(
    "layer",
    [
        nn.TransformerEncoderLayer(16, 4, 32, batch_first=True),
        nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, norm_first=True, activation="gelu"),
        nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 2),
        nn.MultiheadAttention(16, 4, batch_first=True),
    ],
    ids=["layer", "norm first", "encoder", "attention"],
)
def test_what_would_be_one_operation_is_said_to_be_run_step_by_step(layer):
    (note,) = notes_of(layer, noise(size=32))
    assert note.startswith("run step by step")


@pytest.mark.parametrize(
    "layer",
    [
        nn.TransformerEncoderLayer(16, 4, 32),
        nn.MultiheadAttention(16, 1, batch_first=True),
        nn.MultiheadAttention(16, 4, batch_first=True, bias=False),
    ],
    ids=["tokens first", "one head", "no bias"],
)
def test_nothing_is_said_where_there_is_no_fast_path(layer):
    assert notes_of(layer, noise(size=32)) == ()
