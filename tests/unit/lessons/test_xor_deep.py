"""XOR through ten hidden layers: sigmoid learns nothing, ReLU does from some seeds, and many networks are trained at
once as each alone would have been."""

import json
import re

import numpy as np
import pytest

from pydl import Tensor, callbacks, lessons
from pydl.lessons import xor_deep
from pydl.random import Generator

LAYERS = [*(f"layer{number}" for number in range(1, 11)), "output"]


def shares(result):
    return {name.removeprefix("share_"): value for name, value in result.items() if name.startswith("share_")}


def test_sigmoid_stays_at_log_2_and_at_two_of_four(watch):
    outcome, shown = watch("xor_deep", activation="sigmoid", epochs=1000)
    assert outcome["result"]["loss"] == pytest.approx(0.6931, abs=5e-5)
    assert outcome["result"]["accuracy"] == 0.5
    assert outcome["history"]["accuracy"][-1] == 0.5


def test_sigmoids_gradient_loses_six_powers_of_ten_on_its_way_to_the_input(watch):
    outcome, shown = watch("xor_deep", activation="sigmoid", epochs=2)
    rows = shown["table:gradients_by_layer"][-1]["rows"]
    assert [layer for layer, _, _ in rows] == LAYERS
    first = [norm for _, norm, _ in rows]
    assert all(nearer < farther for nearer, farther in zip(first, first[1:])), "each smaller than the next"
    assert first[0] < 1e-6 * first[-1]
    assert outcome["result"]["gradient_first_layer"] == first[0]
    assert outcome["result"]["gradient_last_layer"] == first[-1]


def test_relu_learns_from_the_default_seed_and_its_gradient_arrives(watch):
    outcome, shown = watch("xor_deep", epochs=2000)
    assert outcome["result"]["loss"] < 0.001
    assert outcome["result"]["accuracy"] == 1.0
    norms = [norm for _, norm, _ in shown["table:gradients_by_layer"][-1]["rows"]]
    assert max(norms) < 1000 * min(norms)


@pytest.mark.parametrize("activation", ["tanh", "leaky_relu", "elu", "maxout"])
def test_the_other_activations_learn_too(activation):
    result = lessons.run("xor_deep", activation=activation, epochs=500)["result"]
    assert result["accuracy"] == 1.0
    assert result["loss"] < 0.01


def test_the_network_is_the_one_of_the_experiment():
    class First(callbacks.Callback):
        def on_train_begin(self, logs):
            self.weights = {path: weight.numpy().copy() for path, weight in self.model.named_weights().items()}

    with callbacks.observing(First()) as first:
        lessons.run("xor_deep", epochs=1)
    kernels = [first.weights[f"{layer}/kernel"] for layer in LAYERS]
    sizes = [2, *[5] * 10, 1]
    assert [kernel.shape for kernel in kernels] == list(zip(sizes, sizes[1:]))
    numbers = np.concatenate([kernel.ravel() for kernel in kernels])
    assert -1 <= numbers.min() < -0.9 and 0.9 < numbers.max() <= 1
    assert numbers.std() == pytest.approx(1 / np.sqrt(3), rel=0.1), "evenly between -1 and 1"
    assert not any(first.weights[f"{layer}/bias"].any() for layer in LAYERS)


@pytest.mark.parametrize(
    "outputs, share", [([0.4, 0.51, 0.9, 0.5], 1.0), ([0.5 + 2e-7] * 4, 0.5), ([0.6, 0.4, 0.4, 0.6], 0.0)]
)
def test_a_hypothesis_above_a_half_says_1_but_not_by_its_last_bits(outputs, share):
    hypothesis = Tensor(np.array(outputs, np.float32).reshape(4, 1))
    assert xor_deep.accuracy(Tensor(xor_deep.TARGETS), hypothesis).item() == share


def test_a_line_is_printed_every_2000_steps_and_at_the_end(capsys):
    lessons.run("xor_deep", epochs=4100)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    assert [re.sub(r" +", " ", line).split(" cost")[0] for line in lines] == ["step 2,000", "step 4,000", "step 4,100"]
    assert lines[-1] == "step   4,100   cost 0.0000   accuracy 1.00"


def test_the_gradients_are_drawn_for_every_layer_on_a_logarithmic_axis(watch):
    outcome, shown = watch("xor_deep", epochs=300)
    picture = shown["plot:gradients"][-1]
    assert picture["lines"] == LAYERS
    assert picture["log"] and picture["ordered"]
    assert picture["values"].shape == (11, 100)
    assert picture["x"].tolist() == list(range(0, 300, 3))


# ---- many seeds


def costs_alone(activation, epochs, seeds):
    """What each network comes to that is trained by itself, as the lesson's main one."""
    runs = (lessons.run("xor_deep", activation=activation, epochs=epochs, seed=seed) for seed in seeds)
    return [run["history"]["loss"][-1] for run in runs]


@pytest.mark.parametrize("activation", xor_deep.ACTIVATIONS)
def test_networks_trained_together_end_where_each_alone_does(activation):
    seeds = range(777, 780)
    together = xor_deep.train_together(activation, seeds, epochs=200, learning_rate=0.1, device="auto")
    assert together == pytest.approx(costs_alone(activation, 200, seeds), rel=1e-4)


def test_the_share_of_seeds_is_what_single_runs_give(watch, monkeypatch, capsys):
    monkeypatch.setattr(xor_deep, "ACTIVATIONS", ("sigmoid", "relu"))
    result, shown = watch("xor_deep", seeds=3, epochs=700)
    solved = np.array(costs_alone("relu", 700, range(777, 780))) < 0.001
    assert solved.tolist() == [True, False, False], "the comparison is to tell solved from unsolved"
    assert shares(result["result"]) == {"sigmoid": 0, "relu": pytest.approx(1 / 3)}
    assert shown["table:seeds"][-1]["rows"] == [["sigmoid", 0, 3, 0], ["relu", 1, 3, pytest.approx(1 / 3)]]
    assert "relu: 1 of 3 seeds solve XOR" in capsys.readouterr().out


def test_every_activation_is_counted(watch):
    result, shown = watch("xor_deep", seeds=2, epochs=2)
    assert list(shares(result["result"])) == list(xor_deep.ACTIVATIONS)
    assert [len(table["rows"]) for table in shown["table:seeds"]] == [1, 2, 3, 4, 5, 6]


def test_a_network_that_overflows_does_not_end_the_others(monkeypatch):
    class Spoilt(Generator):
        def uniform(self, *arguments):
            return super().uniform(*arguments) * np.float32("nan")

    monkeypatch.setattr(xor_deep, "Generator", lambda seed: (Spoilt if seed == 778 else Generator)(seed))
    costs = xor_deep.train_together("relu", range(777, 780), epochs=5, learning_rate=0.1, device="auto")
    assert np.isnan(costs).tolist() == [False, True, False]


# ---- as every lesson


def test_one_seed_gives_one_run_and_plain_numbers():
    first, again, other = (lessons.run("xor_deep", epochs=50, seed=seed) for seed in (3, 3, 4))
    assert first == again != other
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    assert set(first["history"]) == {"loss", "accuracy"}
    assert len(first["history"]["loss"]) == 50


@pytest.mark.parametrize("seeds, training", [(1, 1), (2, 3)])
def test_a_stop_ends_the_network_under_way_within_a_step(history_of_stopped, seeds, training):
    history = history_of_stopped("xor_deep", training, batches=7, epochs=20, seeds=seeds)
    assert [len(values) for values in history.values()] == [7, 7]


# ---- whole


@pytest.mark.slow
def test_all_200000_steps_of_sigmoid_change_nothing(full):
    full("xor_deep, sigmoid")


@pytest.mark.slow
def test_all_200000_steps_of_relu_end_below_a_thousandth(full):
    full("xor_deep")


@pytest.mark.slow
def test_relu_succeeds_with_some_seeds_of_24_only_and_what_cannot_die_with_nearly_all(full):
    full("xor_deep, 24 seeds")
