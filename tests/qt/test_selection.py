"""What stays chosen in another network, and what is chosen there else."""

from types import SimpleNamespace

from cnnviewer.qt.selection import Selection, kept_selection, layer_named


def layer(name, kind, *shape):
    return SimpleNamespace(name=name, kind=kind, shape=shape, maps=shape[0] if len(shape) == 3 else 1)


PAD, CONVOLUTION = layer("pad", "padding", 3, 34, 34), layer("conv", "convolution", 8, 32, 32)
RELU, LINEAR = layer("relu", "activation", 8, 32, 32), layer("fc", "linear", 10)


def test_what_the_layers_have_too_stays_chosen():
    chosen = Selection("conv", 7, (3, 4))
    assert kept_selection(chosen, (PAD, CONVOLUTION)) is chosen


def test_a_unit_of_a_vector_stays_chosen():
    assert kept_selection(Selection("fc", 9), (LINEAR,)) == Selection("fc", 9)


def test_a_map_that_is_not_there_gives_way_to_the_first_activation():
    assert kept_selection(Selection("conv", 8), (PAD, CONVOLUTION, RELU)) == Selection("relu")


def test_a_network_without_activation_at_its_begin_shows_its_convolution():
    assert kept_selection(None, (PAD, CONVOLUTION, PAD, PAD, RELU)) == Selection("conv")


def test_a_network_of_neither_shows_its_first_layer():
    assert kept_selection(Selection("gone"), (PAD, LINEAR)) == Selection("pad")


def test_nothing_is_chosen_where_there_is_no_layer():
    assert kept_selection(Selection("conv"), ()) is None
    assert layer_named("conv", ()) is None
