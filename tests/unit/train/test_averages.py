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


@given(st.lists(st.integers(1, 7), min_size=1, max_size=8), st.integers(1, 100), st.integers(0, 1000))
def test_many_batches_at_once_are_to_the_bit_the_same_batches_one_by_one(chunks, samples, seed):
    rng = np.random.default_rng(seed)
    singly, at_once = Averages(METRICS), Averages(METRICS)
    for length in chunks:
        losses = (rng.standard_normal(length) * 10.0 ** rng.integers(-20, 20)).astype(np.float32)
        counts = [rng.random(length).astype(np.float32), rng.integers(0, 9, (length, 3, 3)).astype(np.int32)]
        for index in range(length):
            singly.add(float(losses[index]), [count[index] for count in counts], samples)
        at_once.add_all(losses, counts, samples)
    assert repr(at_once.state()) == repr(singly.state())
    assert at_once.logs() == singly.logs()


def test_the_logs_of_epochs_of_one_batch_are_to_the_bit_those_of_one_after_the_other():
    rng = np.random.default_rng(0)
    losses, counts = rng.random(50).astype(np.float32), [rng.integers(0, 7, 50).astype(np.float32), np.ones((50, 3, 3))]
    averages, expected = Averages(METRICS), []
    for index in range(50):
        averages.add(float(losses[index]), [count[index] for count in counts], 7)
        expected.append(averages.logs())
        averages.reset()
    received = averages.logs_of_each(losses, counts, 7)
    assert received == {name: [logs[name] for logs in expected] for name in expected[0]}
