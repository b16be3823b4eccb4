"""The page "Convolution"."""

import math

from PySide6.QtCore import QPoint, Qt

from cnnviewer.lessons.kernels import KERNELS
from cnnviewer.messages import View

from ..live.conftest import picture

RESULT = ((4, 3, 4), (2, 4, 3), (2, 3, 4))


def opened(tour):
    return tour.open("Convolution").numbers


def photo(tour, sample="chelsea"):
    tour.driver.window.show_sample(sample)
    page = tour.open("Convolution")
    tour.driver.click(page.mode.button("A photo"))
    return page.photo


def hover(tour, grid, row, column):
    tour.driver.bot.mouseMove(grid, grid.cell_rect(row, column).center().toPoint())


def test_the_example_is_stepped_to_its_end(tour):
    numbers = opened(tour)
    assert numbers.output.values == RESULT
    seen = []
    for _ in range(9):
        row, column = numbers.position
        seen.append(numbers.output.values[row][column])
        assert numbers.told.endswith(f"= <b>{seen[-1]:.0f}</b>")
        assert sum(map(sum, numbers.products.values)) == seen[-1]
        tour.driver.click(numbers.on)
    assert tuple(seen) == sum(RESULT, ())
    assert numbers.position == (0, 0)  # from the start again
    tour.driver.click(numbers.back)
    assert numbers.position == (2, 2)


def test_it_plays_pauses_and_stops_where_the_page_is_left(tour):
    numbers = opened(tour)
    tour.driver.click(numbers.play)
    assert numbers.is_playing
    tour.driver.bot.waitUntil(lambda: numbers.position == (0, 2), timeout=20_000)
    tour.driver.click(numbers.play)
    assert not numbers.is_playing
    tour.driver.click(numbers.play)
    tour.open("An image is numbers")
    assert not numbers.is_playing


def test_playing_ends_with_the_last_cell(tour):
    numbers = opened(tour)
    numbers._timer.setInterval(1)
    tour.driver.click(numbers.play)
    tour.driver.bot.waitUntil(lambda: not numbers.is_playing, timeout=20_000)
    assert numbers.position == (2, 2)
    assert not numbers.output._faded
    tour.driver.click(numbers.play)  # from the start again
    tour.driver.bot.waitUntil(lambda: not numbers.is_playing, timeout=20_000)
    assert numbers.position == (2, 2)


def test_pointing_at_cells_shows_their_windows(tour):
    numbers = opened(tour)
    hover(tour, numbers.output, 2, 0)
    assert numbers.position == (2, 0)
    assert numbers.told.endswith("= <b>2</b>")
    hover(tour, numbers.image, 4, 4)  # the window whose middle is nearest
    assert numbers.position == (2, 2)
    tour.driver.bot.mouseMove(numbers.image, QPoint(1, 1))
    assert numbers.position == (0, 0)
    tour.driver.click(numbers.output, numbers.output.cell_rect(1, 1).center().toPoint())
    hover(tour, numbers.image, 0, 0)
    tour.driver.bot.mouseMove(numbers.image, QPoint(1, 1))
    assert numbers.position == (1, 1)  # a click stays


def test_cells_of_image_and_filter_are_edited(tour):
    numbers = opened(tour)
    tour.type(numbers.image, 0, 0, "5")
    assert numbers.output.values[0] == (8, 3, 4)
    tour.type(numbers.kernel, 1, 1, "-2")
    assert numbers.output.values[0] == (8 - 3, 0, 1)
    tour.driver.key(Qt.Key.Key_PageUp, numbers.kernel)
    assert numbers.kernel.values[1][1] == -1
    tour.driver.click(numbers.reset)
    assert numbers.output.values == RESULT


def test_what_is_no_number_is_dropped(tour):
    numbers = opened(tour)
    tour.type(numbers.image, 0, 0, "1.-")
    tour.type(numbers.image, 0, 1, "99")
    assert numbers.image.values[0] == (1, 9, 1, 0, 0)


def test_a_kernel_of_choice_on_the_photo(tour):
    shown = photo(tour)
    assert shown.kernel.values == KERNELS["sharpen"]
    before = shown.result._image.copy()
    shown.choice.setFocus()
    tour.driver.key(Qt.Key.Key_Down, shown.choice)
    assert shown.choice.currentText() == "blur"
    assert shown.result._image != before
    tour.type(shown.kernel, 0, 2, "2.5")
    assert shown.choice.currentText() == "own"
    assert shown.kernel.values[0][2] == 2.5


def test_a_clicked_pixel_shows_its_products(tour):
    shown = photo(tour)
    shown.result.setFocus()
    rect = shown.result.image_rect()
    tour.driver.click(shown.result, QPoint(math.ceil(rect.left()), math.ceil(rect.top())))
    assert shown.result.cell == (0, 0)
    assert shown.window_grid.values[0] == shown.window_grid.values[1]  # the last pixels are repeated
    tour.driver.key(Qt.Key.Key_Right, shown.result)
    tour.driver.bot.keyClick(shown.result, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    tour.driver.settle()
    assert shown.result.cell == shown.photo.cell == (8, 1)
    grey = [[shown.photo._image.pixelColor(column, row).red() for column in (0, 1, 2)] for row in (7, 8, 9)]
    assert [list(row) for row in shown.window_grid.values] == grey
    total = sum(map(sum, shown.products.values))
    assert shown.told.endswith(f"= <b>{total:.0f}</b>".replace("-", "−"))
    assert shown.result._image.pixelColor(1, 8).red() == min(max(total, 0), 255)


def test_the_photo_is_followed(tour):
    shown = photo(tour)
    before = shown.photo._image.copy()
    tour.driver.window.show_sample("rocket")
    tour.driver.settle()
    tour.driver.bot.waitUntil(lambda: shown.photo._image != before)


def test_frames_of_a_stream_are_followed(tour, camera):
    shown = photo(tour)
    tour.driver.window.open_live().live.run(camera)
    tour.driver.window.open_learn()  # the live panel came, and covers it

    def number():
        image = shown.photo._image
        return sum(image.pixelColor(column, 10).red() > 140 for column in range(image.width())) * 16 / image.width()

    for wanted in (4, 12, 7):
        camera.send(picture(wanted))
        tour.driver.bot.waitUntil(lambda wanted=wanted: round(number()) == wanted, timeout=20_000)
    assert shown.result._image.width() == shown.photo._image.width() == 96


def test_now_in_the_real_network_shows_filters(tour):
    opened(tour)
    tour.driver.click(tour.panel.real)
    assert tour.driver.session.selection.layer == "c1"
    assert tour.driver.window.layers.card("c1").view is View.FILTERS
