"""How many threads PyTorch computes with, and which go first."""

import os
import sys
import threading

import pytest
import torch

from cnnviewer import threads


@pytest.fixture
def four_cores(monkeypatch):
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    monkeypatch.setattr(threads, "_count", 0)
    yield
    torch.set_num_threads(before)


def test_one_core_is_left_however_many_threads_ask(four_cores):
    found = []

    def work():
        threads.leave_a_core()
        found.append(torch.get_num_threads())

    for _ in range(3):
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    assert found == [3, 3, 3]


def test_a_single_core_computes_all_the_same(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr(threads, "_count", 0)
    torch.set_num_threads(1)
    threads.leave_a_core()
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows a priority of each thread")
def test_a_thread_that_stands_back_is_alone_in_that():
    found = []

    def work():
        threads.let_others_go_first()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, 0)
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert found[0] > before
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
