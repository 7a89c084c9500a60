"""Timing that a busy machine does not distort: contestants take turns, and medians over rounds are what counts.

In every round each contestant runs for a moment, in every other round the last one first, so that a slow second slows
all of them; a ratio is the median of the ratios within a round.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Contestant = Callable[[int], object]  # run(count) does a thing `count` times

WARM_UP = 3  # turns' worth of running before anything is measured: page faults, and the engines' second compilers
PATIENCE = 40  # turns' worth of measuring per contestant; one too slow for all rounds takes part in the first ones


def take_turns(
    contestants: Mapping[str, Contestant],
    rounds: int,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds that each contestant takes for one thing, round by round.

    seconds: how long a turn is to last at least; what takes longer is done once a turn.
    """

    def timed(run: Contestant, count: int) -> float:
        start = clock()
        run(count)
        return clock() - start

    counts: dict[str, int] = {}
    last_round: dict[str, int] = {}
    for name, run in contestants.items():
        run(1)
        count, warm, once = 1, 0.0, 0.0
        while warm < WARM_UP * seconds:
            took = max(timed(run, count), 1e-7)
            warm, once = warm + took, took / count
            count = min(4 * count, max(1, round(seconds / once)))
        counts[name] = max(1, round(seconds / once))
        last_round[name] = max(1, min(rounds, round(PATIENCE * seconds / (once * counts[name]))))
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds):
        order = list(contestants.items())
        for name, run in order if turn % 2 == 0 else reversed(order):
            if turn < last_round[name]:
                times[name].append(timed(run, counts[name]) / counts[name])
    return times


def ratio(times: list[float], others: list[float]) -> float:
    """How many times as long as the others: the median of the ratios within the rounds that both took part in."""
    return statistics.median(a / b for a, b in zip(times, others))
