"""The page "An image is numbers"."""

from PySide6.QtCore import QPoint, Qt


def numbers(page):
    row, column = page.planes[0].cell
    return [plane.values[row][column] for plane in page.planes]


def test_a_typed_number_changes_the_picture(tour):
    page = tour.open("An image is numbers")
    before = page.picture._image.pixelColor(18, 11).red()
    page.picture.clicked.emit(11, 18)
    tour.driver.settle()
    tour.type(page.planes[0], 3, 3, "200" if before != 200 else "100")
    expected = 200 if before != 200 else 100
    assert page.planes[0].values[3][3] == expected
    assert page.picture._image.pixelColor(18, 11).red() == expected
    assert page.sliders[0].value == expected
    tour.driver.click(page.undo)
    assert page.picture._image.pixelColor(18, 11).red() == before
    assert not page.undo.isEnabled()


def test_arrows_choose_and_keys_change(tour):
    page = tour.open("An image is numbers")
    green = page.planes[1]
    tour.click_cell(green, 2, 2)
    tour.driver.key(Qt.Key.Key_Down, green)
    tour.driver.key(Qt.Key.Key_Right, green)
    assert all(grid.cell == (3, 3) for grid in (*page.planes, page.window_grid))
    tour.driver.key(Qt.Key.Key_Space, green)
    first = numbers(page)[1]
    assert first in (0, 255)
    tour.driver.key(Qt.Key.Key_Space, green)
    assert {first, numbers(page)[1]} == {0, 255}
    # A key that is a number's here is not the window's there: "." steps a video, Esc undoes what was typed.
    tour.driver.bot.keyClick(green, Qt.Key.Key_7)
    tour.driver.key(Qt.Key.Key_Escape, green)
    assert numbers(page)[1] in (0, 255)


def test_a_slider_moves_its_colour(tour):
    page = tour.open("An image is numbers")
    slider = page.sliders[2].slider
    slider.setFocus()
    tour.driver.key(Qt.Key.Key_End, slider)
    assert numbers(page)[2] == 255
    tour.driver.key(Qt.Key.Key_Left, slider)
    assert numbers(page)[2] == 254


def test_a_click_on_the_photo_moves_the_frame(tour):
    page = tour.open("An image is numbers")
    tour.driver.click(page.picture, page.picture.image_rect().topLeft().toPoint() + QPoint(2, 2))
    assert page._corner == (0, 0)
    assert page.window_grid.shape == (6, 6)


def test_the_page_follows_the_photo(tour):
    page = tour.open("An image is numbers")
    before = page.picture._image.copy()
    tour.driver.window.show_sample("chelsea")
    tour.driver.settle()
    tour.driver.bot.waitUntil(lambda: page.picture._image.width() == 48)
    assert page.picture._image != before


def test_now_in_the_real_network_shows_a_channel(tour):
    tour.open("An image is numbers")
    tour.driver.open("efficientnet-lite0", sample="chelsea")
    tour.driver.click(tour.panel.real)
    assert tour.driver.window.input.views.current == "R"
