"""The means of an epoch do not depend on how it is cut into batches, not even for a metric that is no mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydl import Tensor, losses, metrics
from pydl.train.averages import Averages

RNG = np.random.default_rng(0)
LABELS, OUTPUTS = RNG.integers(0, 3, 40), RNG.standard_normal((40, 3))
LOSS = losses.SparseCategoricalCrossentropy(from_logits=True)
METRICS = [metrics.get(name, LOSS) for name in ("accuracy", "f1_score")]


def over(cuts):
    averages = Averages(METRICS)
    for start, stop in zip([0, *cuts], [*cuts, 40]):
        y, outputs = Tensor(LABELS[start:stop], dtype=np.int32), Tensor(OUTPUTS[start:stop])
        counts = [metric.counts(y, outputs).numpy() for metric in METRICS]
        averages.add(LOSS(y, outputs).item(), counts, stop - start)
    return averages


@given(st.sets(st.integers(1, 39)).map(sorted))
def test_any_cutting_gives_the_same(cuts):
    whole = over([]).logs()
    received = over(cuts).logs()
    assert received == pytest.approx(whole, rel=1e-12)
    assert received["accuracy"] == (OUTPUTS.argmax(1) == LABELS).mean()
    assert received["f1_score"] == pytest.approx(metrics.f1_score(LABELS, Tensor(OUTPUTS)).item(), rel=1e-6)


def test_a_reset_forgets_and_nothing_added_is_nothing():
    averages = over([7])
    averages.reset()
    assert averages.logs() == {"loss": 0.0, "accuracy": 0.0, "f1_score": 0.0}


def test_a_state_is_gone_on_from():
    averages, other = over([10]), Averages(METRICS)
    other.check_state(averages.state())
    other.load_state(averages.state())
    for each in (averages, other):
        each.add(1.0, [np.float32(3), np.ones((3, 3), np.float32)], 5)
    assert averages.logs() == other.logs()
    with pytest.raises(ValueError, match="other metrics than loss"):
        Averages([]).check_state(averages.state())


def test_counts_beyond_what_float32_can_count_are_exact():
    averages = Averages(METRICS[:1])
    for samples in (2**24, 1):
        averages.add(0.0, [np.float32(samples)], samples)
    assert averages.logs()["accuracy"] == 1.0
