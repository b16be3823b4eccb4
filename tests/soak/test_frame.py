"""The frame of the soak tests: children that fall are rows of the table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from children import run_child
from trials import Plan, Report, Trial

RUN = Path(__file__).with_name("run.py")


def child(tmp_path, code, **limits):
    program = tmp_path / "child.py"
    program.write_text(code)
    return run_child([program], tmp_path / "log.txt", **{"seconds": 60, **limits})


def test_a_child_that_ends_well_has_not_failed(tmp_path):
    end = child(tmp_path, "print('fine')")
    assert end.failure == ""
    assert end.last_line == "fine"


@pytest.mark.parametrize(
    ("code", "limits", "failure"),
    [
        ("import os; os.kill(os.getpid(), 11)", {}, "ended by SIGSEGV"),
        ("raise SystemExit('no such file')", {}, "ended with status 1: no such file"),
        ("import time; time.sleep(60)", {"seconds": 0.3}, "took more than 0.3 s"),
        ("import time; kept = bytes(range(256)) * 2_000_000; time.sleep(60)", {"gigabytes": 0.3}, "held "),
    ],
)
def test_a_child_that_falls_is_told(tmp_path, code, limits, failure):
    assert child(tmp_path, code, **limits).failure.startswith(failure)


def test_a_child_that_hangs_tells_where(tmp_path):
    trail = tmp_path / "trail.txt"
    code = f"import time; open({str(trail)!r}, 'w').close(); time.sleep(60)"
    end = child(tmp_path, code, quiet=(trail, 0.5))
    assert end.failure.startswith("did nothing")
    assert "child.py" in end.log.read_text()


def test_the_table_tells_what_was_tried_and_what_failed(tmp_path, capsys):
    plan = Plan(seed=3, minutes=1, folder=tmp_path)
    assert 0 < plan.seconds_left <= 60
    report = Report()
    report.add("fuzz", Trial(3, tried=20, figures={"memory": "1 MB"}))
    assert not report.has_failed
    report.add("fuzz", Trial(4, failure="ended by SIGSEGV", trail=tmp_path / "input"))
    report.add_time("fuzz", 90)
    assert report.has_failed
    assert report.table().split("\n")[1].split() == ["fuzz", "21", "1", "1.5"]
    assert "seed 4: ended by SIGSEGV" in report.text()
    assert str(tmp_path / "input") in capsys.readouterr().out


def test_an_unknown_kind_is_refused():
    ended = subprocess.run([sys.executable, RUN, "nothing"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "no kind nothing" in ended.stderr
