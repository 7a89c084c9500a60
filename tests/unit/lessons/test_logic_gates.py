"""Logic gates: one neuron learns AND, OR and NAND, and never XOR."""

import numpy as np
import pytest

from pydl import lessons
from pydl.lessons.logic_gates import GATES


@pytest.fixture(scope="module")
def ended(watch):
    return watch("logic_gates")


def test_three_gates_are_learned_and_xor_is_not(ended):
    result = ended[0]["result"]
    assert result["accuracy"] == result["or_accuracy"] == result["nand_accuracy"] == 1.0
    assert result["loss"] < 0.1
    assert result["xor_accuracy"] <= 0.75
    assert result["xor_loss"] == pytest.approx(np.log(2), abs=1e-3)


@pytest.mark.parametrize("gate", ["and", "or", "nand"])
@pytest.mark.parametrize("seed", range(3))
def test_a_gate_is_learned_from_other_seeds_too(gate, seed):
    assert lessons.run("logic_gates", dataset=gate, seed=seed)["result"]["accuracy"] == 1.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("learning_rate", [0.01, 10.0])
def test_xor_is_never_learned_whatever_the_seed(seed, learning_rate):
    outcome = lessons.run("logic_gates", dataset="xor", seed=seed, learning_rate=learning_rate, epochs=200)
    assert outcome["result"]["accuracy"] <= 0.75
    assert max(outcome["history"]["accuracy"]) <= 0.75


def test_every_gate_has_its_surface_with_its_points(ended):
    for gate, targets in GATES.items():
        surface = ended[1][f"decision_surface:{gate}"][-1]
        assert surface["values"].shape == (surface["size"], surface["size"])
        assert [label for _, _, label in surface["points"]] == targets
        axis = np.linspace(surface["low"], surface["high"], surface["size"])
        answers = [surface["values"][np.abs(axis - x2).argmin(), np.abs(axis - x1).argmin()] > 0.5
                   for x1, x2, _ in surface["points"]]  # fmt: skip
        assert (answers == np.array(targets, bool)).all() == (gate != "xor")


def test_the_tables_tell_what_was_learned(ended):
    outputs = ended[1]["table:outputs"][-1]
    assert outputs["columns"] == ["x1", "x2", "and", "or", "nand", "xor"]
    neurons = {row[0]: row[1:] for row in ended[1]["table:neurons"][-1]["rows"]}
    for x1, x2, *answers in outputs["rows"]:
        for (w1, w2, b, *_), answer in zip(neurons.values(), answers):
            assert answer == pytest.approx(1 / (1 + np.exp(-(w1 * x1 + w2 * x2 + b))), abs=1e-5)


def test_one_gate_alone_has_plain_names():
    outcome = lessons.run("logic_gates", dataset="or", epochs=3)
    assert set(outcome["history"]) == set(outcome["result"]) == {"loss", "accuracy"}
