"""Names from files can be shown, printed and written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviewer.names import isolated, readable, steady


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("cat.png", "cat.png"),
        ("Bücher 日本.png", "Bücher 日本.png"),
        ("caf\udce9.png", "caf\ufffd.png"),
        ("two\nlines\t.png", "two\ufffdlines\ufffd.png"),
        ("gnp.\u202etac.exe", "gnp.\ufffdtac.exe"),
        ("family 👨‍👩‍👧.png", "family 👨‍👩‍👧.png"),
    ],
)
def test_readable(name, shown):
    assert readable(name) == shown


def test_names_of_right_to_left_scripts_are_isolated():
    for name in ("שלום.png", "قطة 12.png", "cat שלום.png"):
        assert isolated(name) == f"\u2068{name}\u2069"
    assert isolated("cat 12.png") == "cat 12.png"


LRM, FSI, PDI = "\u200e", "\u2068", "\u2069"


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("cat.png is empty.", "cat.png is empty."),
        ("שלום.png is empty.", f"{LRM}{FSI}שלום.png{PDI} is empty."),
        ("No שלום עולם 12 קטה.png: 28 × 28.", f"{LRM}No {FSI}שלום עולם 12 קטה.png{PDI}: 28 × 28."),
        ("قطة.png is text; so is كلب.png.", f"{LRM}{FSI}قطة.png{PDI} is text; so is {FSI}كلب.png{PDI}."),
        (f"{isolated('שלום 1.png')} · 28×28", f"{LRM}{FSI}שלום 1.png{PDI} · 28×28"),
    ],
)
def test_sentences_run_from_left_to_right(sentence, shown):
    assert steady(sentence) == shown


def test_a_long_name_keeps_both_ends():
    shown = isolated("a" * 300 + ".png")
    assert len(shown) < 180
    assert shown.startswith("aaa")
    assert shown.endswith(".png")


@given(st.text(st.characters(), max_size=300))
def test_any_name(name):
    shown = isolated(name)
    assert shown.isprintable() or all(not letter.isspace() or letter == " " for letter in shown if letter < "\xa0")
    shown.encode("utf-8")
    json.dumps(readable(name), ensure_ascii=False).encode("utf-8")
    assert isolated(readable(name)) == shown
