"""Famous networks: who made them when, how deep and how large they are, and how well they do."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from cnnviewer.lessons.network_messages import Family, FamousAnswer
from cnnviewer.networks import is_downloaded

if TYPE_CHECKING:
    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.network_messages import FamousRequest

__all__ = ["FAMILIES", "list_famous"]

_VGG = "Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition. ICLR 2015"
_RESNET = "He, Zhang, Ren, Sun: Deep residual learning for image recognition. CVPR 2016"
_DENSENET = "Huang, Liu, van der Maaten, Weinberger: Densely connected convolutional networks. CVPR 2017"

FAMILIES = (
    Family(
        "lenet5", "LeNet-5", 1998, 5, 61_706,
        "Learns its filters from pixels instead of taking them from people: convolutions and pooling in turns, "
        "then full connections, trained as one by backpropagation. Read millions of bank cheques.",
        "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition. Proc. IEEE 1998",
    ),
    Family(
        "alexnet", "AlexNet", 2012, 8, 61_100_840,
        "The same idea at a thousand times the size, on two graphics cards: ReLU, dropout and a million photos "
        "won the ImageNet challenge by so much that the field changed over.",
        "Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks. NIPS "
        "2012; torchvision's is Krizhevsky's one-tower form of 2014",
    ),
    Family(
        "vgg16", "VGG 16", 2014, 16, 138_357_544,
        "Nothing but 3×3 convolutions, one upon the other: two of them see as much as one of 5×5, with fewer "
        "weights and a ReLU more. Nine tenths of its parameters lie in the three full connections.",
        _VGG,
    ),
    Family(
        "vgg19", "VGG 19", 2014, 19, 143_667_240,
        "VGG 16 with three convolutions more. It is hardly better: plain stacks had come to their limit.",
        _VGG,
    ),
    Family(
        "googlenet", "GoogLeNet", 2014, 22, 6_624_904,
        "Inception: filters of 1×1, 3×3 and 5×5 side by side, made cheap by 1×1 convolutions before them; an "
        "average over each map replaces the large full connections. A twentieth of VGG's parameters.",
        "Szegedy and others: Going deeper with convolutions. CVPR 2015; torchvision's has 3×3 filters in place of "
        "5×5",
    ),
    Family(
        "resnet18", "ResNet 18", 2015, 18, 11_689_512,
        "Each block adds a correction to what it was given: the sum lets the gradient through to the first layer, "
        "so that depth helps instead of doing harm.",
        _RESNET,
    ),
    Family(
        "resnet50", "ResNet 50", 2015, 50, 25_557_032,
        "Blocks of three: 1×1 makes the maps fewer, 3×3 works on those, 1×1 makes them many again. Still the "
        "usual network to compare with.",
        _RESNET,
    ),
    Family(
        "resnet152", "ResNet 152", 2015, 152, 60_192_808,
        "The same blocks, eight times as deep as VGG 19, with less arithmetic. Several such networks together won "
        "the ImageNet challenge of 2015.",
        _RESNET,
    ),
    Family(
        "densenet121", "DenseNet 121", 2016, 121, 7_978_856,
        "Each layer sees the maps of all layers of its block before it, put side by side instead of added: few "
        "new maps a layer are enough.",
        _DENSENET,
    ),
    Family(
        "densenet201", "DenseNet 201", 2016, 201, 20_013_928,
        "Deeper still, and a little better than ResNet 50 with a fifth fewer parameters.",
        _DENSENET,
    ),
)  # fmt: skip
"""The oldest first; depths and parameters are those of the modules that are opened."""


def list_famous(request: FamousRequest, context: LessonContext) -> FamousAnswer:
    """Return the famous networks, with what torchvision publishes of its weights, and whether those are here."""
    del request, context
    return FamousAnswer(tuple(replace(_known(family), is_local=is_downloaded(family.name)) for family in FAMILIES))


@cache
def _known(family: Family) -> Family:
    """Return a network with what torchvision tells of its weights."""
    if family.name == "lenet5":
        return family
    from torchvision.models import get_model_weights

    from cnnviewer.networks.torchvision_networks import file_size

    weights: Any = get_model_weights(family.name)
    opened = weights["DEFAULT"]
    return replace(
        family,
        top1=_top1(weights["IMAGENET1K_V1"]),
        opened=opened.name,
        opened_top1=_top1(opened),
        download=file_size(opened),
    )


def _top1(weights: Any) -> float:
    return float(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]) / 100
