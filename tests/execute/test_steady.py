"""The engine's clock: laws that hold whatever becomes of the machine's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from watchbill.execute.steady import JUMP, PACE, SteadyClock

BEGINNING = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


class Machine:
    """A machine whose clock can be set, and whose seconds cannot."""

    def __init__(self) -> None:
        self.wall, self.elapsed = BEGINNING, 1000.0
        self.jumps: list[timedelta] = []
        self.clock = SteadyClock(lambda: self.wall, lambda: self.elapsed, self.jumps.append)

    def passes(self, span: timedelta) -> None:
        """Time goes by."""
        self.wall += span
        self.elapsed += span.total_seconds()

    def is_set(self, jump: timedelta) -> None:
        """Somebody sets the clock."""
        self.wall += jump


def spans(most: timedelta) -> st.SearchStrategy[timedelta]:
    """A span of time, to the millisecond."""
    return st.integers(0, int(most / timedelta(milliseconds=1))).map(lambda count: timedelta(milliseconds=count))


def jumps() -> st.SearchStrategy[timedelta]:
    """A clock that is set, either way."""
    return st.builds(lambda span, sign: span * sign, spans(timedelta(days=2)), st.sampled_from((-1, 1)))


LIVES = st.lists(st.tuples(spans(HOUR), st.one_of(st.just(timedelta(0)), jumps())), min_size=1, max_size=30)


@given(LIVES)
def test_it_never_goes_back(life: list[tuple[timedelta, timedelta]]):
    """
    However the machine's clock is set, the engine's time never goes back.
    """
    machine = Machine()
    before = machine.clock()
    for span, jump in life:
        machine.passes(span)
        machine.is_set(jump)
        now = machine.clock()

        assert now >= before
        assert now >= machine.wall
        assert machine.clock.ahead == now - machine.wall
        before = now


@given(LIVES)
def test_it_runs_on_whatever_happens(life: list[tuple[timedelta, timedelta]]):
    """
    Over any span at least nine tenths of it go by, so a delay is late by a ninth of itself at most.
    """
    machine = Machine()
    for span, jump in life:
        before = machine.clock()
        machine.passes(span)
        machine.is_set(jump)

        assert machine.clock() - before >= span * PACE - timedelta(microseconds=2)


@given(spans(HOUR), spans(timedelta(days=2)))
def test_a_clock_set_forward_is_followed_at_once(span: timedelta, jump: timedelta):
    """
    Where the machine's clock is set forward, the engine's time is that time at once.
    """
    machine = Machine()
    machine.passes(span)
    machine.is_set(jump)

    assert machine.clock() == machine.wall


@given(st.integers(1, 600), st.integers(1, 60))
def test_after_an_hour_back_a_delay_is_hardly_late(minutes: int, step: int):
    """
    After the clock was set back by an hour a delay is over after its time and a ninth, however often somebody looks.
    """
    machine = Machine()
    machine.is_set(-HOUR)
    delay = timedelta(minutes=minutes)
    due, passed = machine.clock() + delay, timedelta(0)
    while machine.clock() < due:
        machine.passes(timedelta(seconds=step * 7))
        passed += timedelta(seconds=step * 7)

    assert delay - SECOND <= passed <= delay / PACE + timedelta(seconds=step * 7) + SECOND


def test_it_meets_the_wall_clock_again():
    """
    After an hour back the engine's time is ahead by less and less, and ten hours later it is the wall clock's, without a jump.
    """
    machine = Machine()
    machine.is_set(-HOUR)
    machine.clock()
    ahead = [machine.clock.ahead]
    for _ in range(11):
        machine.passes(HOUR)
        machine.clock()
        ahead.append(machine.clock.ahead)

    assert ahead == sorted(ahead, reverse=True)
    assert ahead[0] == HOUR
    assert ahead[9] > timedelta(0)
    assert ahead[10] <= SECOND
    assert machine.clock() == machine.wall


def test_a_jump_is_told_once():
    """
    Each time that the clock is set, that is told once, with how far; what a clock gains by itself is not told.
    """
    machine = Machine()
    for jump in (HOUR, -HOUR, JUMP, timedelta(0), timedelta(minutes=5)):
        machine.passes(timedelta(minutes=1))
        machine.is_set(jump)
        machine.clock()
        machine.clock()
        machine.passes(timedelta(minutes=1))
        machine.clock()

    assert machine.jumps == [HOUR, -HOUR, timedelta(minutes=5)]


@given(st.lists(spans(HOUR), min_size=1, max_size=10), jumps().filter(lambda jump: abs(jump) > JUMP))
def test_its_length_is_told_rightly(life: list[timedelta], jump: timedelta):
    """
    How far the clock was set is told exactly, even while the engine's time is ahead of it from before.
    """
    machine = Machine()
    machine.is_set(-HOUR)
    for span in life:
        machine.clock()
        machine.passes(span)
    machine.is_set(jump)
    machine.clock()

    assert abs(sum(machine.jumps, timedelta(0)) - (jump - HOUR)) < timedelta(milliseconds=1)


def test_whoever_is_told_may_ask_for_the_time():
    """
    Who is told of a jump may ask for the time in turn, which is the time after it.
    """
    machine = Machine()
    told: list[datetime] = []
    clock: Callable[[], datetime] = SteadyClock(lambda: machine.wall, lambda: machine.elapsed, lambda jump: told.append(clock()))
    machine.is_set(HOUR)
    clock()

    assert told == [BEGINNING + HOUR]


def test_it_goes_on_from_where_an_earlier_life_got():
    """
    A clock that goes on from a moment gives no time before it, and runs on slowly until the wall clock has caught up.
    """
    machine = Machine()
    machine.clock.go_on_from(BEGINNING + HOUR)
    machine.passes(timedelta(minutes=10))

    assert machine.clock() == BEGINNING + HOUR + timedelta(minutes=9)
    assert machine.jumps == []
    machine.clock.go_on_from(BEGINNING)
    assert machine.clock() >= BEGINNING + HOUR


def test_threads_see_one_clock():
    """
    However many threads ask while the clock is set to and fro, no thread is told an earlier time than another was, and no jump twice.
    """
    machine, given_out, door = Machine(), list[datetime](), threading.Lock()
    ready = threading.Barrier(5)

    def ask() -> None:
        ready.wait()
        for _ in range(300):
            with door:
                before = given_out[-1] if given_out else BEGINNING
            now = machine.clock()
            with door:
                given_out.append(max(now, given_out[-1] if given_out else now))
            assert now >= before

    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            ask()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded) for _ in range(4)]
    for thread in threads:
        thread.start()
    ready.wait()
    for jump in (HOUR, -HOUR) * 20:
        machine.is_set(jump)
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(machine.jumps) <= 40
