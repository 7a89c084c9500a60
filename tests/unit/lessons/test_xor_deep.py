"""XOR through ten hidden layers: sigmoid learns nothing, ReLU does from some seeds, and many networks are trained at
once as each alone would have been."""

import json
import re

import numpy as np
import pytest

from pydl import callbacks, lessons
from pydl.lessons import xor_deep
from pydl.train import TrainingStopped, control

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
    result = lessons.run("xor_deep", activation=activation, epochs=1500)["result"]
    assert result["accuracy"] == 1.0
    assert result["loss"] < 0.02


def test_the_network_is_the_one_of_the_experiment(monkeypatch):
    built = []
    fit = xor_deep.nn.Sequential.fit
    monkeypatch.setattr(xor_deep.nn.Sequential, "fit", lambda model, *x, **y: (fit(model, *x, **y), built.append(model))[0])
    lessons.run("xor_deep", epochs=1, learning_rate=1e-6)
    shapes = {path: weight.shape for path, weight in built[0].named_weights().items()}
    sizes = [2, *[5] * 10, 1]
    assert [shapes[f"{layer}/kernel"] for layer in LAYERS] == list(zip(sizes, sizes[1:]))
    kernels = np.concatenate([weight.numpy().ravel() for path, weight in built[0].named_weights().items() if "kernel" in path])
    assert -1 <= kernels.min() < -0.9 and 0.9 < kernels.max() <= 1
    biases = [weight.numpy() for path, weight in built[0].named_weights().items() if "bias" in path]
    assert all(np.abs(bias).max() < 1e-5 for bias in biases), "zero, but for one step of 1e-6"


def test_a_line_is_printed_every_2000_steps_and_at_the_end(capsys):
    lessons.run("xor_deep", epochs=4500)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    assert [re.sub(r" +", " ", line).split(" cost")[0] for line in lines] == ["step 2,000", "step 4,000", "step 4,500"]
    assert lines[-1] == "step   4,500   cost 0.0000   accuracy 1.00"


def test_the_gradients_are_drawn_for_every_layer_on_a_logarithmic_axis(watch):
    outcome, shown = watch("xor_deep", epochs=300)
    picture = shown["plot:gradients"][-1]
    assert picture["lines"] == LAYERS
    assert picture["log"] and picture["ordered"]
    assert picture["values"].shape == (11, 100)
    assert picture["x"].tolist() == list(range(0, 300, 3))


# ---- many seeds


@pytest.mark.parametrize("activation", xor_deep.ACTIVATIONS)
def test_networks_trained_together_end_where_each_alone_does(activation):
    seeds = range(777, 780)
    together = xor_deep.train_together(activation, seeds, epochs=300, learning_rate=0.1, device="auto")
    alone = [lessons.run("xor_deep", activation=activation, epochs=300, seed=seed)["history"]["loss"][-1] for seed in seeds]
    assert together == pytest.approx(alone, rel=1e-3)


def test_the_share_of_seeds_is_what_single_runs_give(watch):
    outcome, shown = watch("xor_deep", seeds=4, epochs=1500)
    alone = [lessons.run("xor_deep", epochs=1500, seed=seed)["history"]["loss"][-1] for seed in range(777, 781)]
    assert outcome["result"]["share_relu"] == np.mean(np.array(alone) < xor_deep.SOLVED)
    assert 0 < outcome["result"]["share_relu"] < 1, "the comparison is to tell solved from unsolved"
    assert outcome["result"]["share_sigmoid"] == 0
    assert list(shares(outcome["result"])) == list(xor_deep.ACTIVATIONS)
    table = shown["table:seeds"][-1]
    assert table["rows"] == [[name, share * 4, 4, share] for name, share in shares(outcome["result"]).items()]


def test_a_network_that_diverges_has_not_solved_it():
    costs = xor_deep.train_together("leaky_relu", range(2), epochs=100, learning_rate=100.0, device="auto")
    assert not (costs < xor_deep.SOLVED).any()
    assert not np.isnan(costs).any()


# ---- as every lesson


def test_one_seed_gives_one_run_and_plain_numbers():
    first, again, other = (lessons.run("xor_deep", epochs=50, seed=seed) for seed in (3, 3, 4))
    assert first == again != other
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    assert set(first["history"]) == {"loss", "accuracy"}
    assert len(first["history"]["loss"]) == 50


@pytest.mark.parametrize("seeds, trainings", [(1, 1), (2, 3)])
def test_a_stop_ends_the_network_under_way_within_a_step(seeds, trainings):
    class StopInTheLast(callbacks.Callback):
        begun = steps = 0

        def on_train_begin(self, logs):
            self.begun += 1

        def on_train_batch_end(self, batch, logs):
            if self.begun == trainings:
                self.steps += 1
                if self.steps == 7:
                    control.request_stop()

    with callbacks.observing(StopInTheLast()) as watching, pytest.raises(TrainingStopped) as stopped:
        lessons.run("xor_deep", epochs=20, seeds=seeds)
    assert (watching.begun, watching.steps) == (trainings, 7)
    assert len(stopped.value.history["loss"]) == 7


# ---- whole


@pytest.mark.slow
def test_all_200000_steps_of_sigmoid_change_nothing(capsys):
    outcome = lessons.run("xor_deep", activation="sigmoid")
    assert len(outcome["history"]["loss"]) == 200_000
    assert f"{outcome['result']['loss']:.4f}" == "0.6931"
    assert outcome["result"]["accuracy"] == 0.5
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    assert len(lines) == 100
    assert all("cost 0.6931   accuracy 0.50" in line for line in lines)


@pytest.mark.slow
def test_all_200000_steps_of_relu_end_below_a_thousandth():
    result = lessons.run("xor_deep")["result"]
    assert result["loss"] < 0.001
    assert result["accuracy"] == 1.0


@pytest.mark.slow
def test_relu_succeeds_with_some_seeds_of_24_only_and_those_that_cannot_die_with_nearly_all():
    found = shares(lessons.run("xor_deep", seeds=24, epochs=20_000)["result"])
    assert 0.1 <= found["relu"] <= 0.6
    assert found["sigmoid"] == 0
    assert all(found[name] >= 0.9 for name in ("tanh", "leaky_relu", "elu", "maxout"))
