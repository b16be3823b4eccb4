"""Where the layers are when another network opens."""

from __future__ import annotations

import timm
import torch

from cnnviewer import Preprocessing, from_module


def is_seen(driver):
    """Whether the whole head of the chosen layer's card is on the screen."""
    layers = driver.window.layers
    card = layers.card(driver.session.selection.layer)
    return card is not None and 0 <= card.y() < layers.viewport().height() - 60


def open_next(driver, network):
    driver.session.open_network(network)
    driver.bot.waitUntil(lambda: driver.session.network.name == network, timeout=60_000)
    driver.settle()


def test_another_network_begins_where_its_chosen_layer_is_seen(lenet):
    bar = lenet.window.layers.verticalScrollBar()
    bar.setValue(bar.maximum())
    lenet.settle()
    open_next(lenet, "fashion-cnn")
    assert bar.value() == 0
    assert is_seen(lenet)


def test_a_layer_of_the_same_name_stays_chosen_and_is_seen(lenet):
    last = lenet.session.recording.layers[-1].name
    lenet.session.select(last)
    lenet.settle()
    lenet.window.layers.verticalScrollBar().setValue(0)
    open_next(lenet, "fashion-cnn")
    assert is_seen(lenet)


def test_another_photo_leaves_the_layers_where_they_are(lenet):
    bar = lenet.window.layers.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    lenet.settle()
    before = bar.value()
    lenet.window.show_sample("digit-7")
    lenet.settle()
    assert bar.value() == before > 0


def test_a_transformer_begins_with_what_is_seen_first(driver, monkeypatch):
    torch.manual_seed(0)
    module = timm.create_model("test_vit", pretrained=False)
    how = Preprocessing(size=(160, 160), resize=160, mean=(0.5,) * 3, deviation=(0.5,) * 3)
    network = from_module(module, preprocessing=how, name="vit")
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    driver.open("vit", sample="chelsea")
    assert driver.window.layers.verticalScrollBar().value() == 0
    assert driver.session.selected_layer().kind == "convolution"
    assert is_seen(driver)
