"""What each kind of operation does, in a few words, and the page of the tour that shows it. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Words", "words_of"]


@dataclass(frozen=True)
class Words:
    """What is told of an operation: its name, some sentences, and the title of a page of the tour, '' for none."""

    title: str
    text: str
    page: str = ""


_CONVOLUTION, _RELU, _POOLING = "Convolution", "ReLU", "Pooling"
_CLASSIFIER, _PREPARED = "Fully connected and softmax", "Normalise and reshape"

_KINDS = {
    "input": Words(
        "The input",
        "The photo is cropped and resized to what the network takes, and its pixels from 0 to 255 are shifted and "
        "divided, channel by channel, so that they lie around 0. Some networks add a border of padding.",
        _PREPARED,
    ),
    "convolution": Words(
        "Convolution",
        "A filter slides over the maps. At each place it multiplies what lies below it by its weights, and the sum "
        "of all products, plus a bias, is one unit of the result. Each filter makes one map.",
        _CONVOLUTION,
    ),
    "activation": Words(
        "Activation",
        "A function of each unit on its own, bent somewhere; the shape stays. Without it many layers in a row could do "
        "no more than a single one.",
        _RELU,
    ),
    "pooling": Words(
        "Pooling",
        "A window moves over each map and leaves one number of what it sees: the largest, or the mean. The maps become "
        "smaller, and as many remain. There is nothing to learn in it.",
        _POOLING,
    ),
    "normalisation": Words(
        "Normalisation",
        "The units are shifted and divided so that they have a standard spread: mean 0, deviation 1. Then each channel "
        "is given a scale and a shift that were learnt. The shape stays.",
        _PREPARED,
    ),
    "linear": Words(
        "Linear, or fully connected",
        "Each output has a weight for every input: the sum of all inputs times their weights, plus a bias. The last "
        "such layer makes a score for each class, its logit.",
        _CLASSIFIER,
    ),
    "softmax": Words(
        "Softmax",
        "It makes probabilities of scores: e to the power of each, divided by the sum of all. They lie between 0 and "
        "1, and add up to 1; the order stays.",
        _CLASSIFIER,
    ),
    "addition": Words(
        "Addition",
        "Two outputs of the same shape are added, unit by unit. In a residual network one of them went around some "
        "layers: those need to learn only what is to be changed, and the gradient reaches the first layers.",
    ),
    "multiplication": Words(
        "Multiplication",
        "Two outputs are multiplied, unit by unit, or as matrices. Where one of them has a single number a channel, it "
        "weighs the maps: it says which of them matter now.",
    ),
    "concatenation": Words(
        "Concatenation",
        "Outputs are put one behind the other, most often the maps of several branches: nothing is worked out, and the "
        "next layer sees all of them.",
    ),
    "attention": Words(
        "Attention",
        "Each place asks all places for what it needs: its query is compared with their keys, a softmax makes weights "
        "of that, and the result is the sum of their values with these weights.",
    ),
    "dropout": Words(
        "Dropout",
        "While a network learns, some units are set to 0 by chance, so that no unit relies on a single other one. "
        "In use it does nothing: what goes in comes out.",
    ),
    "reshape": Words(
        "Reshape",
        "The numbers stay the same, and are only laid out in another way, moved, or cut: nothing is worked out.",
        _PREPARED,
    ),
    "resampling": Words(
        "Resampling",
        "The maps are made larger or smaller: a new unit is the nearest of the old ones, or a mean of its neighbours, "
        "weighed by how near they are. There is nothing to learn in it.",
    ),
    "other": Words(
        "Another operation",
        "PyTorch's function of this name; the network is made of few of them. Choose one of its units, and 'Where it "
        "comes from' works it out.",
    ),
}
"""By the kind of a layer."""

_OPERATIONS = {
    "batch_norm": Words(
        "Batch norm",
        "Each channel is normalised with a mean and a variance that were gathered while the network learnt: "
        "(x − mean) / √(variance + ε). Then comes the channel's own scale and shift, both learnt. In use it is a fixed "
        "factor and a fixed shift for each map.",
        _PREPARED,
    ),
    "layer_norm": Words(
        "Layer norm",
        "The numbers of one place, all its channels, are brought to mean 0 and deviation 1 by their own mean and "
        "variance, anew for each image. Then comes a scale and a shift for each channel, both learnt.",
        _PREPARED,
    ),
    "group_norm": Words(
        "Group norm",
        "The maps are taken in groups, and each is brought to mean 0 and deviation 1 by its own numbers, anew for "
        "each image. Then comes a scale and a shift for each channel, both learnt.",
        _PREPARED,
    ),
    "instance_norm": Words(
        "Instance norm",
        "Each map is brought to mean 0 and deviation 1 by its own numbers, anew for each image.",
        _PREPARED,
    ),
    "rms_norm": Words(
        "RMS norm",
        "The numbers are divided by the root of the mean of their squares, and then scaled; no mean is subtracted.",
    ),
    "local_response_norm": Words(
        "Local response norm",
        "Each unit is divided by a size of the units at its place in the neighbouring maps, so that strong ones damp "
        "those beside them. AlexNet had it; today batch norm is usual.",
    ),
    "normalize": Words("Normalise", "A vector is divided by its length: only its direction remains."),
    "flatten": Words(
        "Flatten",
        "The maps are laid out as one long row: map after map, row after row. The numbers stay; a fully connected "
        "layer takes its input so.",
        _PREPARED,
    ),
    "pad": Words(
        "Padding",
        "Rows and columns are put around each map, most often of zeros, so that the windows of the next layer fit, "
        "and its border is seen as often as its middle. The numbers inside stay the same.",
        "Stride, padding, dilation",
    ),
    "permute": Words("Permute", "The axes change places, as rows and columns do when a table is turned."),
    "transpose": Words("Transpose", "Two axes change places, as rows and columns do when a table is turned."),
    "roll": Words("Roll", "All units move along, and those that leave at one end come in at the other."),
    "getitem": Words("Slice", "A part of the units is taken, the others are left out here."),
    "setitem": Words("Written part", "A part of the units gets other values, the others stay what they are."),
    "put": Words("Written units", "Some of the units get other values, the others stay what they are."),
    "take": Words("Taken units", "Some of the units are taken, the others are left out here."),
    "pixel_shuffle": Words(
        "Pixel shuffle", "Channels are spread over rows and columns: fewer maps, that are larger by as much."
    ),
    "interpolate": Words(
        "Interpolate",
        "The maps are made larger or smaller: a new unit is the nearest of the old ones, or a mean of its neighbours, "
        "weighed by how near they are.",
    ),
    "sub": Words("Subtraction", "The second output is taken from the first, unit by unit."),
    "sum": Words("Sum", "Units are added up along some axes: those axes vanish."),
    "mean": Words(
        "Mean",
        "Of each map, or along some axes, only the mean remains. At the end of a network it says how much of a pattern "
        "there is in the whole image, and no more where.",
        _POOLING,
    ),
    "div": Words("Division", "The first output is divided by the second, unit by unit."),
    "matmul": Words("Matrix product", "Rows times columns: each result is a sum of products."),
    "softmax": Words(
        "Softmax",
        "It makes shares of numbers: e to the power of each, divided by the sum of all. In attention they say how much "
        "of each place is taken, at the end of a network how probable each class is.",
        _CLASSIFIER,
    ),
    "log_softmax": Words(
        "Log softmax",
        "The logarithm of the probabilities that softmax makes: 0 for sure, and below 0 for less.",
        _CLASSIFIER,
    ),
    "sigmoid": Words("Sigmoid", "Any number becomes one between 0 and 1: how far a gate is open, 0.5 at 0."),
    "tanh": Words("Tanh", "Any number becomes one between −1 and 1; 0 stays 0."),
    "gelu": Words("GELU", "Like ReLU, but round: large numbers stay, very negative ones become 0, with a dip below 0."),
    "silu": Words("SiLU", "A number times its sigmoid: like ReLU, but round, with a dip below 0."),
    "hardswish": Words("Hard swish", "SiLU put together of straight lines and one bend, which is faster to work out."),
    "leaky_relu": Words("Leaky ReLU", "Negative numbers become small ones instead of 0; the others stay.", _RELU),
}
"""By the operation, where there is more to say than on its kind."""


def words_of(kind: str, operation: str = "") -> Words:
    """Return what is told of an operation of a kind; of one that is not known, what its kind does."""
    return _OPERATIONS.get(operation) or _KINDS.get(kind, _KINDS["other"])
