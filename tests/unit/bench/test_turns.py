"""Taking turns: every contestant runs as often as its turn is long, and medians are of rounds that all share."""

import pytest

from pydl.bench.turns import PATIENCE, ratio, take_turns


class Clock:
    """A clock that contestants move."""

    def __init__(self):
        self.now = 0.0
        self.calls = []

    def __call__(self):
        return self.now

    def contestant(self, name, once):
        def run(count):
            self.calls.append((name, count))
            self.now += once * count

        return run


def test_each_contestant_is_timed_for_one_thing():
    clock = Clock()
    runs = {"slow": clock.contestant("slow", 0.05), "fast": clock.contestant("fast", 1e-4)}
    times = take_turns(runs, rounds=4, seconds=0.1, clock=clock)
    assert times["slow"] == pytest.approx([0.05] * 4)
    assert times["fast"] == pytest.approx([1e-4] * 4)


def test_a_turn_lasts_as_long_as_asked_for_and_turns_go_back_and_forth():
    clock = Clock()
    runs = {"a": clock.contestant("a", 0.02), "b": clock.contestant("b", 1e-3)}
    take_turns(runs, rounds=3, seconds=0.1, clock=clock)
    a, b = ("a", 5), ("b", 100)
    assert clock.calls[-6:] == [a, b, b, a, a, b]


def test_who_is_too_slow_for_all_rounds_leaves_early_and_has_run_once_at_least():
    clock = Clock()
    runs = {"slow": clock.contestant("slow", 0.1 * PATIENCE / 2), "hopeless": clock.contestant("hopeless", 1e3)}
    times = take_turns(runs, rounds=9, seconds=0.1, clock=clock)
    assert [len(times[name]) for name in ("slow", "hopeless")] == [2, 1]


def test_a_ratio_is_the_median_of_those_within_a_round():
    slow_machine = [1.0, 10.0, 1.0]  # all of the second round took ten times as long
    assert ratio([2 * second for second in slow_machine], slow_machine) == 2.0
    assert ratio([3.0], [1.0, 2.0]) == 3.0
