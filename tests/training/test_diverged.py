"""A run whose error is no number any more: what is written and told of it."""

import json
import math

import numpy as np
import pytest

from cnnviewer.cli.reports import reporter
from cnnviewer.files import json_text
from cnnviewer.training.metrics import evaluation_from_json, evaluation_to_json, news_of_line, progress_line
from cnnviewer.training.progress import Evaluation, Mistake, Progress
from cnnviewer.training.words import error_text

NO_NUMBERS = [math.nan, math.inf, -math.inf]


def strict(text):
    """Read JSON as others read it, who know no NaN."""

    def refuse(name):
        raise ValueError(name)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_json_knows_no_nan(value):
    told = strict(json_text({"loss": value, "rows": [1.5, (value, None)], "name": "é"}))
    assert str(float(told["loss"])) == str(value)
    assert told["rows"][0] == 1.5
    assert told["name"] == "é"


def test_names_that_are_no_text_can_be_written():
    text = json_text({"folder": "caf\udce9"})
    assert strict(text.encode().decode()) == {"folder": "caf\udce9"}
    assert json_text("猫", is_ascii=True).isascii()


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_steps_and_evaluations_come_back(value):
    progress = Progress(3, 9, 1, value, 0.1, 1e6, 96)
    assert repr(news_of_line(strict(json_text(progress_line(progress, 1.0))), 9)) == repr(progress)
    # As older runs have written it.
    assert repr(news_of_line(json.loads(json.dumps(progress_line(progress, 1.0))), 9)) == repr(progress)
    mistake = Mistake(1, 0, 2, value, value)
    evaluation = Evaluation("validation", 3, 1, value, 0.1, np.eye(3, dtype=np.int64), (mistake,))
    again = evaluation_from_json(strict(json_text(evaluation_to_json(evaluation))))
    assert repr(again.mistakes) == repr(evaluation.mistakes)
    assert repr(again.loss) == repr(value)


class Terminal:
    """What `reporter` asks of a training."""

    seconds = 1.0


def test_json_lines_on_the_command_line(capsys):
    with reporter(Terminal()) as report:
        report(Evaluation("validation", 3, 1, math.nan, 0.1, np.zeros((0, 0), dtype=np.int64), ()))
        report(Progress(3, 9, 1, math.inf, 0.1, 1e6, 96))
    lines = [strict(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["loss"] for line in lines] == ["nan", "inf"]


def test_an_error_has_room_in_its_label():
    assert error_text(0.12345) == "0.1235"
    assert error_text(2.5e31) == "2.5e+31"
    assert error_text(math.nan) == error_text(math.inf) == "no number"
    assert all(len(error_text(10.0**power)) < 12 for power in range(-12, 39))
