"""Between the source and the network: which frames are worth their preparation, and which wait."""

import numpy as np
import pytest

from cnnviewer.frames import Frame, Prepared
from cnnviewer.qt.live import mailbox as module
from cnnviewer.qt.live.mailbox import Mailbox


class Clock:
    """A clock that the test winds."""

    now = 100.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def frame(number, arrived=100.0, seconds=0.0):
    return Prepared(Frame(number, "frame", np.zeros((2, 2), np.uint32), arrived), seconds=seconds)


def test_the_newest_frame_wins_and_the_others_count_as_dropped():
    box = Mailbox()
    assert box.is_empty
    assert box.offer(frame(1))
    assert not box.offer(frame(2))
    assert not box.offer(frame(3))
    assert box.take().frame.number == 3
    assert box.take() is None
    assert (box.counts.offered, box.counts.dropped) == (3, 2)
    box.clear()
    assert (box.counts.offered, box.counts.dropped) == (0, 0)


def test_a_slow_window_slows_the_network():
    box = Mailbox()
    for number in (1, 2):
        box.offer(frame(number))
        assert box.take() is not None
        box.answered()
    box.offer(frame(3))
    assert box.take() is None  # two answers are on their way
    assert box.seen()  # the worker is to be told
    assert box.take().frame.number == 3
    assert not box.seen()


def shown(clock, box, interval, work, preparation, frames):
    """Give a network that takes `work` seconds a frame each `interval`; return the ages of those that it took, and
    how many were prepared in vain."""
    ages, busy_until, prepared, taken = [], None, 0, 0
    step, next_frame = 0.0005, clock.now
    while taken < frames:
        clock.now += step
        if busy_until is not None and clock.now >= busy_until:
            box.answered()
            box.seen()
            busy_until = None
        if clock.now >= next_frame:
            next_frame += interval
            if box.is_wanted(clock.now):
                prepared += 1
                box.offer(frame(prepared, clock.now, preparation))
        if busy_until is None:
            found = box.take()
            if found is not None:
                taken += 1
                ages.append(clock.now - found.frame.arrived)
                busy_until = clock.now + work
    return ages, prepared - taken


@pytest.mark.parametrize(("interval", "work"), [(1 / 120, 0.025), (1 / 30, 0.07), (1 / 60, 0.25), (1 / 30, 0.01)])
def test_few_frames_are_prepared_in_vain_and_those_shown_are_fresh(clock, interval, work):
    box = Mailbox()
    begun = clock.now
    ages, in_vain = shown(clock, box, interval, work, 0.003, 60)
    assert in_vain <= 12
    assert max(ages[10:]) <= 2.5 * interval
    # The network hardly ever waits.
    assert 60 * max(work, interval) / (clock.now - begun) > 0.9


def test_a_first_frame_that_takes_long_does_not_hold_up_the_others(clock):
    box = Mailbox()
    shown(clock, box, 1 / 60, 1.5, 0.003, 1)
    box.answered()
    box.seen()
    begun = clock.now
    shown(clock, box, 1 / 60, 0.07, 0.003, 20)
    assert clock.now - begun < 20 * 0.1


def test_a_source_that_gives_a_frame_now_and_then(clock):
    box = Mailbox()
    for number in range(5):
        clock.now += 2.0
        assert box.is_wanted(clock.now)
        box.offer(frame(number, clock.now))
        assert box.take().frame.number == number
        clock.now += 0.02
        box.answered()
        box.seen()
    assert box.counts.dropped == 0
