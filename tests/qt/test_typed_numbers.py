"""Numbers as text and back: no window."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLocale

from cnnviewer.qt.panels.network_file.card_values import numbers_from, numbers_text, unread_sentence
from cnnviewer.qt.widgets.number_field import style_of
from cnnviewer.qt.widgets.typed_numbers import ENGLISH, UnreadableNumber, number_text, read_number

LOCALES = ("en_US", "de_DE", "fr_FR", "ar_EG", "fa_IR", "hi_IN", "mr_IN", "de_CH", "sv_SE", "he_IL")
STYLES = {name: style_of(QLocale(name)) for name in LOCALES}
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@given(number=FLOATS)
def test_the_text_of_a_number_is_read_as_that_number(style, number):
    assert read_number(number_text(number, style), style) == number


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@given(number=st.integers(-(10**18), 10**18))
def test_the_text_of_a_whole_number_is_read_as_that_number(style, number):
    assert read_number(number_text(number, style), style, is_whole=True) == number


@pytest.mark.parametrize("name", LOCALES)
@given(number=st.floats(-1e15, 1e15), digits=st.integers(0, 15))
def test_what_qt_writes_for_a_country_is_read_there(name, number, digits):
    """With groups of thousands, or lakhs, and the locale's own digits, marks and exponents."""
    for form in "fe":
        text, plain = (locale.toString(number, form, digits) for locale in (QLocale(name), QLocale.c()))
        try:
            assert read_number(text, STYLES[name], is_whole=form == "f" and digits == 0) == float(plain)
        except UnreadableNumber:
            pytest.fail(f"{text} was not read")


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.01", 0.01),
        ("0,01", 0.01),
        (".5", 0.5),
        (",5", 0.5),
        ("5.", 5.0),
        ("0,125", 0.125),
        ("1e-3", 0.001),
        ("1E+3", 1000.0),
        ("2,5e-4", 0.00025),
        ("1×10^-3", 0.001),
        ("3 · 10⁻³", 0.003),
        ("10^-3", 0.001),
        ("1 000", 1000.0),
        ("1\u202f000,5", 1000.5),
        ("1\u00a0234\u00a0567", 1234567.0),
        ("1'000", 1000.0),
        ("1’000.5", 1000.5),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1.234.567", 1234567.0),
        ("12,34,567", 1234567.0),
        ("\u22120.5", -0.5),
        ("\u06f0\u066b\u06f0\u06f1", 0.01),
        ("\u0660\u066b\u0665", 0.5),
        ("०.५", 0.5),
        ("０．５", 0.5),
        ("  7 ", 7.0),
    ],
)
def test_what_can_be_one_number_only_is_read_everywhere(style, text, number):
    assert read_number(text, style) == number


NO_NUMBERS = (
    *("", " ", "abc", "1.2.3", "1..2", "1e", "e5", "nan", "inf", "5²", "0x10", "1_000", "12 34", "1 00", "-", "."),
    *("1e5e5", "1e999", "1e-999", "½", "--5", "5 %"),
)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_not_read(text):
    for style in STYLES.values():
        with pytest.raises(UnreadableNumber):
            read_number(text, style)


def test_what_could_be_two_numbers_is_read_by_the_country_alone():
    english, german, french, swiss = (STYLES[name] for name in ("en_US", "de_DE", "fr_FR", "de_CH"))
    for style, text, number in ((english, "1.125", 1.125), (german, "1,125", 1.125), (swiss, "1.125", 1.125)):
        assert read_number(text, style) == number
    for style, text in ((english, "1,125"), (german, "1.125"), (french, "1.125"), (swiss, "1,125")):
        with pytest.raises(UnreadableNumber, match=r"could be 1[.,]125 or 1125"):
            read_number(text, style)
    assert read_number("1,000", english, is_whole=True) == read_number("1.000", german, is_whole=True) == 1000
    for style, text in ((english, "1.000"), (german, "1,000"), (french, "1.000")):
        with pytest.raises(UnreadableNumber, match="could be 1 or 1000"):
            read_number(text, style, is_whole=True)


@pytest.mark.parametrize("text", ["0.5", "1e-3", "1,5", "1e300", "9" * 5000])
def test_a_whole_number_is_not_made_of_another(text):
    with pytest.raises(UnreadableNumber):
        read_number(text, is_whole=True)
    assert read_number("1e3", is_whole=True) == read_number("1000.0", is_whole=True) == 1000


@given(text=st.text(), is_whole=st.booleans())
def test_any_text_is_a_number_or_told_not_to_be(text, is_whole):
    try:
        number = read_number(text, is_whole=is_whole)
    except UnreadableNumber:
        return
    assert abs(number) <= sys.float_info.max


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@given(numbers=st.lists(FLOATS, min_size=1, max_size=5))
def test_a_line_of_numbers_is_read_as_it_was_written(style, numbers):
    read = numbers_from(numbers_text(numbers, style), style)
    assert read == (numbers[:1] if len(set(numbers)) == 1 else numbers)


def test_a_comma_in_a_line_of_numbers():
    german = STYLES["de_DE"]
    assert numbers_from("0,485 0,456; 0,406", german) == [0.485, 0.456, 0.406]
    assert numbers_from("0,485 0,456; 0,406") == [0.485, 0.456, 0.406]
    assert numbers_from("0.485,0.456,0.406", german) == numbers_from("0.485,0.456,0.406") == [0.485, 0.456, 0.406]
    assert numbers_from("104,117,123") == numbers_from("104,117,123", german) == [104, 117, 123]
    assert numbers_from("0,485", german) == [0.485]
    assert numbers_from("0,485") == ["0,485"]
    assert unread_sentence("0,485", ENGLISH) == "“0,485” could be one number or two: write 0.485, or 0, 485."
    assert unread_sentence("x", ENGLISH) == ""
    assert numbers_from("1.000 2", german) == ["1.000", 2.0]
    assert "could be 1 or 1000" in unread_sentence("1.000", german)
