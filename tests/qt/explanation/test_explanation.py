"""Asking where a number comes from, with real events on the real window."""

import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

import cnnviewer
from cnnviewer.errors import RecordingError
from cnnviewer.qt.panels.explanation.explanation_panel import Side
from cnnviewer.resources import resource


@pytest.fixture(scope="module")
def recording():
    return cnnviewer.record(cnnviewer.load_network("lenet5"), resource("samples", "digit-3.png"))


def panel_of(driver):
    return driver.window._presenter.units.panel


def click_unit(driver, row, column):
    """Click a unit of the inspector's map."""
    view = driver.window.inspector.view
    rect, cell = view.image_rect(), view.cell_size
    driver.click(view, QPoint(round(rect.left() + (column + 0.5) * cell), round(rect.top() + (row + 0.5) * cell)))


def open_module(driver, monkeypatch, module):
    """Open a network that no zoo has."""
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: cnnviewer.from_module(module))
    driver.open("odd")


def double_click(driver, widget, point):
    driver.click(widget, point)
    QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    driver.settle()


def test_a_click_on_a_unit_shows_its_arithmetic(lenet, recording):
    lenet.session.select("c3", 8)
    lenet.settle()
    assert panel_of(lenet) is None
    click_unit(lenet, 5, 6)
    panel = panel_of(lenet)
    assert panel.isVisible()
    assert panel.title == "c3 (8, 5, 6)"
    answer = panel.arithmetic.answer
    assert answer.value == pytest.approx(float(recording["c3"].output[8, 5, 6]), rel=1e-4)
    assert panel.arithmetic.window_grid.shape == panel.arithmetic.kernel_grid.shape == (5, 5)
    assert panel.arithmetic.product_grid.isVisible()
    assert len(panel.arithmetic.channels.bars) == 6


def test_a_double_click_on_a_card_explains_the_unit_under_the_mouse(lenet):
    card = lenet.card("s2")
    tile = card.grid.tile_rect(4)
    double_click(lenet, card.grid, QPoint(tile.right() - 20, tile.center().y()))
    selection = lenet.session.selection
    assert (selection.layer, selection.channel) == ("s2", 4)
    assert selection.unit is not None
    assert panel_of(lenet).title == f"s2 ({', '.join(map(str, (4, *selection.unit)))})"
    assert panel_of(lenet).arithmetic.answer.rule == "maximum"


def test_a_double_click_on_a_cell_of_a_vector_explains_it(lenet):
    card = lenet.card("f6")
    double_click(lenet, card.cells, card.cells.cell_rect(17).center())
    assert panel_of(lenet).title == "f6 unit 17"
    assert panel_of(lenet).arithmetic.terms.isVisible()


def test_another_channel_and_a_cell_lead_on(lenet, recording):
    lenet.session.select("c3", 8, (5, 5))
    panel = lenet.window.open_explanation()
    lenet.settle()
    page = panel.arithmetic
    lenet.click(page.channels, QPoint(20, 3 * 20 + 8))
    chosen = page.answer.channels[3].channel
    assert page.answer.window.channel == chosen
    rect = page.window_grid.cell_rect(1, 2)
    lenet.click(page.window_grid, rect.center().toPoint())
    selection = lenet.session.selection
    assert (selection.layer, selection.channel, selection.unit) == ("s2", chosen, (6, 7))
    assert page.answer.recorded == float(recording["s2"].output[chosen, 6, 7])


def test_a_function_shows_its_curve_and_leads_to_its_operand(lenet):
    lenet.session.select("relu3", 8, (5, 5))
    page = lenet.window.open_explanation().arithmetic
    lenet.settle()
    assert page.curve.isVisible()
    assert not page.terms.isVisible()
    page._source.linkActivated.emit("0")
    lenet.settle()
    assert lenet.session.selection.layer == "c3"


def test_the_way_back_is_a_trail_of_units_that_can_be_stepped(lenet):
    lenet.session.select("output", 3)
    panel = lenet.window.open_explanation()
    lenet.click(panel.sides.button(Side.BACK.value))
    steps = panel.way.steps
    assert steps[0].layer == "output"
    assert steps[-1].layer == "input"
    lenet.click(panel.way, panel.way.step_rect(2).center())
    assert lenet.session.selection.layer == steps[2].layer
    assert panel.way.steps is steps  # the trail stays
    lenet.key(Qt.Key.Key_Right, panel.way)
    assert lenet.session.selection.layer == steps[3].layer
    assert panel.way.current == 3
    panel.way.chosen.emit(len(steps) - 1)
    lenet.settle()
    field = lenet.window.input.view.field
    assert field.width() == pytest.approx(field.height())


def test_the_way_on_leads_to_the_units_that_are_fed(lenet):
    lenet.session.select("c1", 2, (9, 9))
    panel = lenet.window.open_explanation()
    lenet.click(panel.sides.button(Side.FORWARD.value))
    steps = panel.way.steps
    assert [step.layer for step in steps] == ["c1", "relu1"]
    lenet.click(panel.way, panel.way.step_rect(1).center())
    assert lenet.session.selection.layer == "relu1"
    assert lenet.session.selection.unit == (9, 9)


def test_the_field_of_the_chosen_unit_and_of_the_one_under_the_mouse_is_drawn(lenet, qtbot):
    window = lenet.window
    assert window.input.view.field is None
    lenet.session.select("c1", 2, (9, 9))
    lenet.settle()
    chosen = window.input.view.field
    assert chosen.width() == pytest.approx(5)
    assert "receptive field 5×5" in window.inspector._numbers.text()
    view = window.inspector.view
    rect, cell = view.image_rect(), view.cell_size
    qtbot.mouseMove(view, QPointF(rect.left() + 20.5 * cell, rect.top() + 3.5 * cell).toPoint())
    qtbot.waitUntil(lambda: window.input.view.field != chosen)
    assert window.input.view.field.width() == pytest.approx(5)
    view.leaveEvent(None)
    assert window.input.view.field == chosen


def test_a_pixel_under_the_mouse_lights_the_units_that_it_can_change(lenet, qtbot):
    window = lenet.window
    lenet.session.select("s4", 2, (1, 1))
    lenet.settle()
    view = window.input.view
    qtbot.mouseMove(view, view.image_rect().center().toPoint())
    qtbot.waitUntil(lambda: window.inspector.view.has_overlay)
    assert window.inspector.unit_text == "the pixel can change 16 of 25 units"
    view.leaveEvent(None)
    lenet.settle()
    assert not window.inspector.view.has_overlay


def test_the_effect_of_each_pixel_can_be_laid_over_the_photo(lenet):
    lenet.session.select("c3", 8, (5, 5))
    lenet.settle()
    lenet.click(lenet.window.input.effective)
    assert lenet.window.input.view.has_overlay
    lenet.session.select("c3", 8)  # no unit
    lenet.settle()
    assert not lenet.window.input.view.has_overlay
    lenet.click(lenet.window.input.effective)


def test_the_key_opens_and_closes_the_panel_and_a_click_does_not_open_what_was_closed(lenet):
    lenet.session.select("c3", 8, (5, 5))
    lenet.settle()
    lenet.key(Qt.Key.Key_X)
    panel = panel_of(lenet)
    assert panel.isVisible()
    lenet.key(Qt.Key.Key_X)
    assert not panel.isVisible()
    click_unit(lenet, 2, 2)
    assert not panel.isVisible()
    lenet.click(lenet.window.inspector.explain)
    assert panel.isVisible()
    assert panel.title == "c3 (8, 2, 2)"


def test_the_explanation_follows_the_image_and_the_network(lenet):
    lenet.session.select("c3", 8, (5, 5))
    panel = lenet.window.open_explanation()
    lenet.settle()
    first = panel.arithmetic.answer.recorded
    lenet.window.show_sample("digit-8")
    lenet.settle()
    assert panel.arithmetic.answer.recorded != first
    lenet.session.open_network("fashion-cnn")
    lenet.settle()
    assert panel.title != "c3 (8, 5, 5)"


def test_the_chosen_unit_of_a_vector_stays_at_another_image(lenet):
    lenet.session.select("f6", 17)
    panel = lenet.window.open_explanation()
    lenet.settle()
    lenet.window.show_sample("digit-8")
    lenet.settle()
    assert (lenet.session.selection.layer, lenet.session.selection.channel) == ("f6", 17)
    assert panel.title == "f6 unit 17"


def test_tab_alone_goes_to_no_other_unit_and_enter_does(lenet, recording):
    lenet.session.select("c3", 8, (5, 5))
    page = lenet.window.open_explanation().arithmetic
    lenet.settle()
    selection = lenet.session.selection
    lenet.window.activateWindow()
    page.channels.setFocus()
    for _ in range(3):
        lenet.key(Qt.Key.Key_Tab)
    assert lenet.session.selection == selection
    page.window_grid.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        lenet.key(key, page.window_grid)
    assert lenet.session.selection == selection
    channel = page.answer.window.channel
    lenet.key(Qt.Key.Key_Return, page.window_grid)
    found = lenet.session.selection
    assert (found.layer, found.channel, found.unit) == ("s2", channel, (6, 7))
    assert page.answer.recorded == float(recording["s2"].output[channel, 6, 7])


def test_arrow_keys_show_another_channel_and_mark_a_term_that_enter_goes_to(lenet):
    lenet.session.select("c3", 8, (5, 5))
    page = lenet.window.open_explanation().arithmetic
    lenet.settle()
    page.channels.setFocus()
    for _ in range(2):
        lenet.key(Qt.Key.Key_Down, page.channels)
    assert page.answer.window.channel == page.answer.channels[page.channels.current].channel
    assert lenet.session.selection.layer == "c3"
    lenet.session.select("f6", 17)
    lenet.settle()
    page.terms.setFocus()
    for _ in range(12):  # below what is seen
        lenet.key(Qt.Key.Key_Down, page.terms)
    assert lenet.session.selection.layer == "f6"
    row = page.terms.current
    assert row >= 11
    assert page.terms.visibleRegion().contains(page.terms.row_rect(row).center())
    term = page.answer.terms[row]
    lenet.key(Qt.Key.Key_Return, page.terms)
    assert (lenet.session.selection.layer, (lenet.session.selection.channel,)) == (term.source, term.place)


def test_a_link_can_be_followed_by_keyboard(lenet):
    lenet.session.select("relu3", 8, (5, 5))
    page = lenet.window.open_explanation().arithmetic
    lenet.settle()
    page._source.setFocus(Qt.FocusReason.TabFocusReason)
    lenet.key(Qt.Key.Key_Tab, page._source)
    lenet.key(Qt.Key.Key_Return, page._source)
    assert lenet.session.selection.layer == "c3"


def test_arrow_keys_move_the_unit_in_the_inspector(lenet):
    lenet.session.select("c3", 8)
    lenet.settle()
    view = lenet.window.inspector.view
    view.setFocus()
    lenet.key(Qt.Key.Key_Right, view)
    assert lenet.session.selection.unit == (4, 5)  # beside the middle of 10x10
    lenet.key(Qt.Key.Key_Down, view)
    assert lenet.session.selection.unit == (5, 5)
    assert panel_of(lenet).title == "c3 (8, 5, 5)"
    assert view.hasFocus()
    lenet.session.select("c3", 8, (0, 9))
    lenet.settle()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Right):
        lenet.key(key, view)
    assert lenet.session.selection.unit == (0, 9)


def test_arrow_keys_move_along_a_vector_and_not_behind_its_end(lenet):
    lenet.session.select("f6", 82)  # of 84, in rows of ten
    lenet.settle()
    view = lenet.window.inspector.view
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        lenet.key(key, view)
    assert lenet.session.selection.channel == 83
    lenet.key(Qt.Key.Key_Up, view)
    assert lenet.session.selection.channel == 73


def test_a_window_of_a_whole_map_leaves_the_window_its_size(driver, monkeypatch):
    pooled = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.AdaptiveAvgPool2d(1))
    open_module(driver, monkeypatch, pooled)
    driver.session.select("1", 2, (0, 0))
    panel = driver.window.open_explanation()
    driver.settle()
    assert panel.arithmetic.window_grid.shape == (224, 224)
    assert panel.minimumSizeHint().height() < 300
    assert (driver.window.width(), driver.window.height()) == (1280, 800)


def test_a_click_into_the_large_view_explains_the_unit(lenet):
    lenet.session.select("c3", 8)
    lenet.settle()
    lenet.window.toggle_large_view()
    view = lenet.window.large.view
    rect, cell = view.image_rect(), view.cell_size
    lenet.click(view, QPoint(round(rect.left() + 2.5 * cell), round(rect.top() + 7.5 * cell)))
    assert lenet.window.large.isHidden()
    assert panel_of(lenet).title == "c3 (8, 7, 2)"


def test_without_a_unit_the_panel_says_what_to_do(lenet):
    lenet.session.select("c1", 0)
    panel = lenet.window.open_explanation()
    lenet.settle()
    assert panel.title == ""
    assert "click into a map" in panel._hint.text()


def test_a_unit_that_cannot_be_worked_again_says_why(lenet, monkeypatch):
    def refuse(*args):
        raise RecordingError("c3 can't be worked again: a test")

    monkeypatch.setattr("cnnviewer.engine.questions.explain", refuse)
    lenet.session.select("c3", 8, (5, 5))
    panel = lenet.window.open_explanation()
    lenet.settle()
    assert "can't be worked again" in panel._hint.text()
    assert lenet.window.error.isHidden()


@pytest.fixture
def asked(lenet):
    """The window on LeNet-5, and what is asked of the worker from here on."""
    lenet.requests = []
    ask = lenet.session.request
    lenet.session.request = lambda key, request: (lenet.requests.append(request), ask(key, request))
    return lenet


def sorts(driver):
    found = [type(request).__name__ for request in driver.requests]
    driver.requests.clear()
    return found


def test_nothing_is_worked_for_a_panel_that_another_covers(asked):
    asked.session.select("c3", 8, (5, 5))
    asked.window.open_explanation()
    asked.settle()
    asked.window.open_learn()
    asked.settle()
    sorts(asked)
    asked.session.select("c3", 9, (5, 5))
    asked.settle()
    assert "UnitRequest" not in sorts(asked)
    asked.window.open_explanation()
    asked.settle()
    assert panel_of(asked).title == "c3 (9, 5, 5)"


def test_a_click_does_not_cover_the_tour(lenet):
    learn = lenet.window.open_learn()
    lenet.session.select("c3", 8)
    lenet.settle()
    click_unit(lenet, 4, 4)
    assert lenet.session.selection.unit == (4, 4)
    assert not learn.panel.visibleRegion().isEmpty()
    lenet.click(lenet.window.inspector.explain)
    assert panel_of(lenet).title == "c3 (8, 4, 4)"


def test_other_sizes_of_tiles_ask_nothing_of_a_unit_and_keep_the_trail(asked):
    asked.session.select("output", 3)
    panel = asked.window.open_explanation()
    asked.click(panel.sides.button(Side.BACK.value))
    asked.click(panel.way, panel.way.step_rect(2).center())
    title = panel.title
    sorts(asked)
    asked.session.set_appearance(tile=80)
    asked.settle()
    assert not {"UnitRequest", "WayRequest", "FieldRequest"} & set(sorts(asked))
    asked.session.set_dark(True)
    asked.settle()
    assert panel.title == title
    assert panel.way.steps[0].layer == "output"


def test_the_effect_of_another_unit_is_taken_away_at_once(lenet):
    lenet.session.select("c3", 8, (5, 5))
    lenet.settle()
    lenet.click(lenet.window.input.effective)
    lenet.window.open_explanation()
    lenet.settle()
    assert "90 % of the effect in" in panel_of(lenet)._field.text()
    lenet.session.select("c3", 8, (6, 6))
    assert not lenet.window.input.view.has_overlay
    lenet.settle()
    assert lenet.window.input.view.has_overlay


def test_a_question_that_breaks_leaves_the_other_panels_on_the_new_photo(lenet, monkeypatch, capsys):
    lenet.session.select("c3", 8, (5, 5))
    panel = lenet.window.open_explanation()
    lenet.settle()

    def broken(request, scene):
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr("cnnviewer.engine.answers.table.answer_question", broken)
    card = lenet.card("c3")
    before = card.grid._answer.pixels.copy()
    lenet.window.show_sample("digit-8")
    lenet.settle()
    assert (card.grid._answer.pixels != before).any()
    assert "a fault of ours" in panel._hint.text()
    assert "ZeroDivisionError" in capsys.readouterr().err
