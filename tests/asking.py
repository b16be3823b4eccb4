"""Networks with an engine that holds them, and all that can be asked of it."""

from __future__ import annotations

import torch

import cnnviewer
from cnnviewer.engine import Engine
from cnnviewer.messages import (
    BarsRequest,
    DeviceRequest,
    ImageRequest,
    MapRequest,
    MatrixRequest,
    NetworkRequest,
    Order,
    PhotoRequest,
    PhotoView,
    TilesRequest,
    View,
)
from cnnviewer.resources import resource

PHOTOS = {"lenet5": "digit-7.png", "efficientnet-lite0": "chelsea.png", "vit": "chelsea.png"}


def load(name):
    if name != "vit":
        return cnnviewer.load_network(name)
    import timm

    torch.manual_seed(0)
    module = timm.create_model(
        "vit_tiny_patch16_224", img_size=64, embed_dim=24, num_heads=3, depth=2, num_classes=10, pretrained=False
    )
    preprocessing = cnnviewer.Preprocessing(size=(64, 64), resize=64, mean=(0.5,) * 3, deviation=(0.5,) * 3)
    return cnnviewer.from_module(module, preprocessing=preprocessing, name="vit")


def engine_of(name, monkeypatch, request=None):
    """Return an engine that holds one of the networks above and its photo."""
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: load(name))
    engine = Engine()
    engine.use_device(request or DeviceRequest("cpu"))
    engine.open_network(NetworkRequest(name))
    engine.open_image(ImageRequest("photo", path=resource("samples", PHOTOS[name])))
    return engine


def requests_for(summary, scale):
    for layer in summary.layers[:: max(1, len(summary.layers) // 24)] + summary.layers[-2:]:
        for view in layer.views:
            if view in (View.CELLS, View.WEIGHTS):
                yield MatrixRequest(layer.index, view, 30, 40, scale)
            elif view is View.BARS:
                yield BarsRequest(layer.index, 5)
            else:
                for order in (Order.CHANNEL, Order.MEAN):
                    yield TilesRequest(layer.index, view, 9, 11, 0, 6, order, scale, 1)
        yield MapRequest(layer.index, 1, scale)
    for view in PhotoView:
        yield PhotoRequest(view, 0, scale)
