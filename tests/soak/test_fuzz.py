"""The fuzzer itself, for some seconds: what it makes again, and that what falls in it is told."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("fuzz")
sys.path.insert(0, str(FUZZ))

from mutations import mutated  # noqa: E402 -- a file of the command, which lies beside it

CARD = json.dumps({"size": [8, 8], "mean": [0.5, 0.5, 0.5], "categories": ["a", "b"]}).encode()


@pytest.mark.parametrize("ending", ["json", "png", "pth", "safetensors", "jsonl", "gz"])
def test_a_seed_makes_the_same_input_again(ending):
    made = [mutated(CARD, ending, random.Random(f"1-{number}"), [CARD]) for number in range(200)]
    again = [mutated(CARD, ending, random.Random(f"1-{number}"), [CARD]) for number in range(200)]
    assert made == again
    assert len({*made, CARD}) > 100


@pytest.mark.slow
def test_some_inputs_are_answers_or_sentences(tmp_path):
    run = Path(__file__).with_name("run.py")
    command = [sys.executable, run, "fuzz", "--minutes", "0.05", "--seed", "7", "--folder", tmp_path]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    tried = next(line for line in ended.stdout.split("\n") if line.startswith("fuzz  ")).split()[1]
    assert int(tried) > 5
