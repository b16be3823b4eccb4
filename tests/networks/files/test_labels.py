"""Names of classes as checkpoints, configurations and text files have them."""

from __future__ import annotations

import json

import pytest

from cnnviewer.networks.files.labels import labels_beside, literal, names_in

NAMES = ("ant", "bee", "fly")


@pytest.mark.parametrize(
    "stored",
    [
        ["ant", "bee", "fly"],
        ("ant", "bee", "fly"),
        {"ant": 0, "fly": 2, "bee": 1},
        {"2": "fly", "0": "ant", "1": "bee"},
        {0: "ant", 1: "bee", 2: "fly"},
        {"0": ["n01", "ant"], "1": ["n02", "bee"], "2": ["n03", "fly"]},
        [{"id": 1, "name": "ant"}, {"id": 2, "name": "bee"}, {"id": 3, "name": "fly"}],
        "{0: 'ant', 1: 'bee', 2: 'fly'}",
        '["ant", "bee", "fly"]',
        "ant, bee,fly",
        [" ant\n", "bee", "fly"],
    ],
)
def test_names_are_read_as_they_are_kept(stored):
    assert names_in(stored) == NAMES


@pytest.mark.parametrize(
    "stored",
    [
        None, 10, 1.5, "", "ant", {}, [], {"a": 1, "b": 2}, {"0": "a", "2": "b"}, {0: 0.5}, [["a"], None], b"abc",
        {"0": "LABEL_0", "1": "LABEL_1"}, ["class 0", "class 1"], ["ant", ""], [1.5, 2.5], "[" * 1000, "[1+1]",
        {"9" * 10_000: "a"}, [{"title": "ant"}], ["x"] * 100_001,
    ],
)  # fmt: skip
def test_what_names_no_classes_is_none(stored):
    assert names_in(stored) == ()


def test_a_text_that_is_no_value_stays_a_text():
    assert literal("open('x')") == "open('x')"
    assert literal("[open('x')]") == "[open('x')]"
    assert literal("(" * 100_000) == "(" * 100_000
    assert literal("[224, 224]") == [224, 224]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.txt", "ant\nbee\n\nfly\n"),
        ("labels.txt", "0 ant\n1 bee\n2 fly\n"),
        ("classes.txt", "1: ant\n2: bee\n3: fly"),
        ("names.txt", "\ufeffant\r\nbee\r\nfly\r\n"),
        ("synset.txt", "n01440764 ant\nn01443537 bee\nn01484850 fly"),
        ("imagenet1000_clsidx_to_labels.txt", "{0: 'ant',\n 1: 'bee',\n 2: 'fly'}"),
        ("net_labels.txt", "ant\nbee\nfly"),
        ("net.txt", "ant\nbee\nfly"),
        ("class_names.json", json.dumps(NAMES)),
        ("class_indices.json", json.dumps({"ant": 0, "bee": 1, "fly": 2})),
        ("index_to_name.json", json.dumps({"0": "ant", "1": "bee", "2": "fly"})),
        ("imagenet_class_index.json", json.dumps({"0": ["n1", "ant"], "1": ["n2", "bee"], "2": ["n3", "fly"]})),
    ],
)
def test_a_file_beside_a_network_tells_its_classes(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    (clue,) = labels_beside(tmp_path / "net.onnx")
    assert (clue.value, clue.source) == (NAMES, f"{name} beside the file")


def test_numbers_that_do_not_count_stay_in_the_names(tmp_path):
    (tmp_path / "labels.txt").write_text("7 ants\n3 bees\n")
    assert labels_beside(tmp_path / "net.onnx")[0].value == ("7 ants", "3 bees")
    (tmp_path / "labels.txt").write_text("0\n1\n2\n")
    assert labels_beside(tmp_path / "net.onnx")[0].value == ("0", "1", "2")


def test_names_for_this_file_come_before_those_for_the_folder(tmp_path):
    (tmp_path / "labels.txt").write_text("a\nb\n")
    (tmp_path / "net.labels.txt").write_text("c\nd\n")
    assert [clue.value for clue in labels_beside(tmp_path / "net.onnx")] == [("c", "d"), ("a", "b")]


def test_what_is_no_text_and_what_is_too_large_is_left(tmp_path):
    (tmp_path / "labels.txt").write_bytes(b"\xff\xfe\x00\x01")
    (tmp_path / "classes.txt").mkdir()
    (tmp_path / "names.txt").write_text("a\n" * 2_500_000)
    (tmp_path / "classes.json").write_text("[" * 100_000)
    assert labels_beside(tmp_path / "net.onnx") == ()
