"""Places on the photo: each way and back."""

from hypothesis import given
from hypothesis import strategies as st

from cnnviewer.places import on_input, on_photo


@given(
    row=st.integers(0, 223),
    column=st.integers(0, 223),
    crop=st.tuples(st.floats(-20, 20), st.floats(-20, 20), st.floats(30, 500), st.floats(30, 500)),
    padding=st.integers(0, 8),
)
def test_the_middle_of_a_pixel_on_the_photo_is_that_pixel(row, column, crop, padding):
    size = 224, 224
    share = column / 224, row / 224, (column + 1) / 224, (row + 1) / 224
    left, top, right, bottom = on_photo(share, crop, (padding, padding), size)
    assert on_input(((left + right) / 2, (top + bottom) / 2), crop, (padding, padding), size) == (row, column)


def test_what_the_network_does_not_see_is_no_pixel_of_it():
    crop = 50.0, 0.0, 150.0, 100.0
    assert on_input((49.0, 50.0), crop, (0, 0), (224, 224)) is None
    assert on_input((151.0, 50.0), crop, (0, 0), (224, 224)) is None
    # Padding lies around the crop, and is a part of the network's input.
    assert on_input((49.5, 50.0), crop, (2, 2), (32, 32)) == (16, 1)
