import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviewer.card import Card, Reason, card_beside, from_json, read_card, to_json, write_card
from cnnviewer.errors import NetworkError
from cnnviewer.outputs import Returns
from cnnviewer.preprocessing import Preprocessing

PLAIN = Preprocessing(size=(224, 224), resize=256, mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))


@st.composite
def preprocessings(draw):
    order = draw(st.sampled_from(["RGB", "BGR", "L"]))
    channels = draw(st.integers(1, 5)) if order == "L" else draw(st.integers(2, 6))
    numbers = st.floats(-300, 300).filter(lambda value: value != 0)
    size = draw(st.tuples(st.integers(8, 600), st.integers(8, 600)))
    return Preprocessing(
        size=size,
        resize=draw(st.integers(1, 700)),
        mean=tuple(draw(numbers) for _ in range(channels)),
        deviation=tuple(draw(numbers) for _ in range(channels)),
        channels=channels,
        padding=draw(st.integers(0, 3)),
        divisor=draw(st.sampled_from([1.0, 255.0])),
        order=order,
        interpolation=draw(st.sampled_from(["bilinear", "bicubic"])),
    )


@given(preprocessings(), st.lists(st.text()), st.text(), st.text())
def test_what_is_written_is_read_again(preprocessing, categories, architecture, name):
    card = Card(preprocessing, tuple(categories), architecture, name)
    assert from_json(json.loads(json.dumps(to_json(card)))) == card


def test_a_size_is_enough():
    card = from_json({"size": 32})
    assert card == Card(Preprocessing(size=(32, 32), resize=32, mean=(0.0,) * 3, deviation=(1.0,) * 3))
    assert from_json({"size": [28, 20], "channels": 1}).preprocessing.order == "L"
    four = from_json({"size": 64, "channels": 4, "mean": 0.5, "deviation": [0.25]}).preprocessing
    assert (four.mean, four.deviation, four.planes) == ((0.5,) * 4, (0.25,) * 4, (0, 1, 2, 0))


def test_a_range_is_what_white_is():
    assert from_json({"size": 8, "range": 255}).preprocessing.divisor == 1
    assert from_json({"size": 8}).preprocessing.divisor == 255


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"size": None}, "height and width"),
        ({"size": [0, 5]}, '"size" must be a whole number from 1'),
        ({"size": [10**9, 5]}, "to 4096"),
        ({"size": [True, 5]}, "True"),
        ({"order": "GBRX"}, '"order" must be'),
        ({"order": ""}, '"order" must be'),
        ({"channels": 0}, '"channels"'),
        ({"range": 0}, "above 0"),
        ({"range": "white"}, '"range" must be a number'),
        ({"mean": [1, 2]}, '"mean" has 2 numbers for 3 channels'),
        ({"mean": [1, 2, float("nan")]}, '"mean" must be a number'),
        ({"deviation": 0}, "divided by"),
        ({"padding": 200}, '"padding"'),
        ({"resize": 1.5}, '"resize"'),
        ({"size": [4096, 4096], "channels": 64}, "1,073,741,824 numbers; 268,435,456 are the most"),
        ({"interpolation": "nearest"}, "bicubic"),
        ({"categories": [1]}, "list of names"),
        ({"name": 3}, '"name" must be text'),
        ({"architecture": []}, '"architecture" must be text'),
    ],
)
def test_what_can_not_be_is_named(change, told):
    with pytest.raises(NetworkError, match=told):
        from_json({"size": [224, 224], **change})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["size", "mean", "order", "channels"]), inner),
    )
)
def test_any_json_is_a_card_or_a_sentence(stored):
    told = ""
    try:
        from_json(stored)
    except NetworkError as error:
        told = str(error)
    assert told.endswith(".") or (not told and isinstance(stored, dict) and "size" in stored)


def test_a_card_lies_beside_its_file(tmp_path):
    file = tmp_path / "net.pth"
    file.write_bytes(b"x")
    assert card_beside(file) is None
    (tmp_path / "net.json").write_text('{"epochs": 3}')  # a JSON file of something else
    assert card_beside(file) is None
    for name, label in (("card.json", "folder"), ("net.pth.json", "long"), ("net.json", "short")):
        write_card(Card(PLAIN, name=label), tmp_path / name)
        assert card_beside(file).name == label


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, '{"size": "large"}', '{"mean": 1}'])
def test_a_damaged_card_is_told_with_its_name(tmp_path, content):
    (tmp_path / "card.json").write_text(content)
    with pytest.raises(NetworkError, match=r"card\.json"):
        card_beside(tmp_path / "net.pth")


def test_categories_may_be_a_text_file(tmp_path):
    (tmp_path / "names.txt").write_text("cat\n\n dog \n", encoding="utf-8")
    write_card(Card(PLAIN, "names.txt"), tmp_path / "card.json")
    assert read_card(tmp_path / "card.json") == Card(PLAIN, ("cat", "dog"))
    write_card(Card(PLAIN, "ImageNet-1k"), tmp_path / "card.json")
    assert read_card(tmp_path / "card.json").categories == "ImageNet-1k"
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00")
    write_card(Card(replace(PLAIN), "bad.txt"), tmp_path / "card.json")
    with pytest.raises(NetworkError, match="text file"):
        read_card(tmp_path / "card.json")


@pytest.mark.parametrize(
    "text",
    [
        f'{{"size": 8, "mean": 1{"0" * 400}}}',
        f'{{"size": 8, "range": 1{"0" * 400}}}',
        '{"size": 8, "range": 1e-320}',
        f'{{"size": 8, "resize": 1{"0" * 400}}}',
    ],
)
def test_numbers_out_of_all_bounds_are_told_in_a_short_sentence(tmp_path, text):
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(NetworkError, match=r'The card card\.json can\'t be used: "\w+" must be') as told:
        read_card(tmp_path / "card.json")
    assert len(str(told.value)) < 200


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_categories_that_can_be_no_file_are_a_name(tmp_path, name):
    (tmp_path / "card.json").write_text(json.dumps({"size": 8, "categories": name}))
    assert read_card(tmp_path / "card.json").categories == name


def test_what_is_returned_and_what_was_guessed_are_kept():
    card = Card(
        PLAIN, returns=Returns.MULTI_LABEL, guessed=(Reason("mean", "The most usual."), Reason("size", "Tried."))
    )
    stored = json.loads(json.dumps(to_json(card)))
    assert (stored["returns"], stored["guessed"]) == ("multi-label", {"mean": "The most usual.", "size": "Tried."})
    assert from_json(stored) == card


def test_an_old_card_says_nothing_of_what_is_returned():
    card = from_json({"size": 32})
    assert (card.returns, card.guessed) == (None, ())
    assert from_json(to_json(card)) == card


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"returns": "logits"}, '"returns" must be one of "classes", "multi-label", "binary", "values", "features"'),
        ({"returns": 3}, '"returns" must be text'),
        ({"guessed": ["mean"]}, '"guessed" must be an object'),
        ({"guessed": {"mean": 1}}, '"guessed" must be an object'),
    ],
)
def test_what_a_network_can_not_return_is_told(change, told):
    with pytest.raises(NetworkError, match=told):
        from_json({"size": 32, **change})
