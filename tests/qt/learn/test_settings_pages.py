"""The pages on stride, padding and dilation, on depth, on pooling."""

from PySide6.QtCore import Qt

from cnnviewer.messages import View


def slide(tour, slider, value):
    """Move a slider by its keys."""
    slider.slider.setFocus()
    while slider.value != value:
        tour.driver.key(Qt.Key.Key_Right if slider.value < value else Qt.Key.Key_Left, slider.slider)


def test_sliders_change_the_formula_and_the_result(tour):
    page = tour.open("Stride, padding, dilation")
    assert page.output.shape == (4, 4)
    assert page.told[0].endswith("= ⌊6 / 2⌋ + 1 = <b>4</b>")
    slide(tour, page.sliders["n"], 8)
    assert page.padded.shape == (10, 10)
    assert page.told[0].endswith("= ⌊7 / 2⌋ + 1 = <b>4</b>")
    assert page.told[1].startswith("The last row and the last column are dropped")
    slide(tour, page.sliders["p"], 0)
    assert page.output.shape == (3, 3)
    assert page.output.values[0] == (9, 9, 9)


def test_windows_are_shown_and_impossible_ones_told(tour):
    page = tour.open("Stride, padding, dilation")
    tour.click_cell(page.output, 1, 3)
    taps = {(mark.row, mark.column) for mark in page.padded._marks}
    assert taps == {(row, column) for row in (2, 3, 4) for column in (6, 7, 8)}
    tour.driver.key(Qt.Key.Key_Left, page.output)
    assert {mark.column for mark in page.padded._marks} == {4, 5, 6}
    for key, value in {"n": 2, "p": 0, "d": 3}.items():
        slide(tour, page.sliders[key], value)
    assert page.output.shape == (0, 0)
    assert page.told[1] == "Nothing comes out: the window spans 7 cells, the padded image has only 2."
    slide(tour, page.sliders["n"], 7)
    assert page.output.shape == (1, 1)


def test_filters_make_depth_and_parameters_stay(tour):
    page = tour.open("Filters and depth")
    assert page.all_maps.count == 12
    before, other = (picture._images[0].copy() for picture in page.maps)
    tour.type(page.kernels[0][1], 0, 0, "7")
    assert page.maps[0]._images[0] != before
    assert page.maps[1]._images[0] == other
    slide(tour, page.filters, 13)
    assert page.all_maps.count == 13
    assert page.table.count("<b>364</b>") == 3
    slide(tour, page.side, 33)
    assert page.table.count("<b>364</b>") == 3
    assert "33×33×3 → 33×33×13" in page.table


def test_pooling_of_each_sort(tour):
    page = tour.open("Pooling")
    assert page.after.values[0] == (7, 0, 5)
    tour.driver.click(page.how.button("sum"))
    assert page.after.values[0] == (10, 0, 6)
    tour.driver.click(page.how.button("average"))
    assert page.after.values[0] == (2.5, 0, 1.5)
    tour.type(page.before, 0, 0, "9")
    assert page.after.values[0] == (3, 0, 1.5)
    slide(tour, page.stride, 1)
    assert page.after.shape == (5, 5)
    slide(tour, page.window_side, 4)
    assert page.after.shape == (3, 3)


def test_a_shift_leaves_more_of_what_is_pooled(tour):
    page = tour.open("Pooling")
    assert page.told == "Shift the numbers to see what stays."
    slide(tour, page.shift, 1)
    assert page.before.values[0] == (0, 7, 1, 0, 0, 0)
    assert page.told == "After the shift 50 % of the numbers are the same, and 89 % of the pooled ones."
    # A number that is edited comes along when the shift is undone; those that come in are zero.
    tour.type(page.before, 0, 1, "3")
    assert page.before.values[0] == (0, 3, 1, 0, 0, 0)
    tour.type(page.before, 0, 0, "9")
    slide(tour, page.shift, 0)
    assert page.before.values[0] == (3, 1, 0, 0, 0, 0)


def test_the_winner_of_the_window_is_marked(tour):
    page = tour.open("Pooling")
    tour.click_cell(page.after, 1, 1)
    window, winner = page.before._marks
    assert (window.row, window.column, window.rows) == (2, 2, 2)
    assert page.before.values[winner.row][winner.column] == page.after.values[1][1] == 8


def test_now_in_the_real_network_shows_what_is_pooled(tour):
    tour.open("Pooling")
    tour.driver.click(tour.panel.real)
    layer = tour.driver.session.selected_layer()
    assert layer.kind == "pooling"
    assert tour.driver.window.layers.card(layer.name).view is View.POOLED
