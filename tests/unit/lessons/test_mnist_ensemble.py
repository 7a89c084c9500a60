"""The ensemble lesson: the vote reads more than each member, on drawn digits, and (slow) on all of MNIST."""

import numpy as np
import pytest

from pydl import lessons

SMALL = {"dataset": "drawn_digits", "subset": 600, "epochs": 4, "layers": [32]}


@pytest.fixture(scope="module")
def small(watch):
    return watch("mnist_ensemble", members=4, **SMALL)


def test_the_vote_is_above_each_of_its_members(small):
    result = small[0]["result"]
    members = result["member_accuracies"]
    assert len(members) == 4
    assert result["test_accuracy"] > max(members) == result["best_member_accuracy"]
    assert result["mean_member_accuracy"] == pytest.approx(np.mean(members))


def test_the_members_differ_in_their_seed_alone(small):
    two = lessons.run("mnist_ensemble", members=2, **SMALL)
    assert two["result"]["member_accuracies"] == small[0]["result"]["member_accuracies"][:2]
    assert len({tuple(small[0]["history"][name]) for name in ("loss", "network2_loss", "network3_loss")}) == 3


def test_the_table_has_a_row_for_each_member_and_each_vote(small):
    outcome, rows = small[0], small[1]["table:members"][-1]["rows"]
    assert [row[0] for row in rows] == [1, 2, 3, 4, "soft", "hard"]
    assert [row[1] for row in rows[:4]] == outcome["result"]["member_accuracies"]
    assert [row[1] for row in rows[4:]] == [outcome["result"]["soft_accuracy"], outcome["result"]["hard_accuracy"]]
    assert all(mistakes == round(120 * (1 - accuracy)) for _, accuracy, mistakes in rows)


def test_the_vote_is_drawn_as_networks_join(small):
    plots = small[1]["plot:votes"]
    assert [len(plot["x"]) for plot in plots] == [1, 2, 3, 4]
    first = plots[0]["values"]
    assert first[0] == first[1] == first[2], "a single network votes as it reads"
    assert plots[-1]["lines"] == ["soft", "hard", "alone"]


def test_disputed_digits_come_with_what_the_vote_makes_of_them(small):
    picture = small[1]["digits"][-1]
    assert len(picture["images"]) == len(picture["labels"]) == len(picture["predictions"]) <= 60
    assert np.mean(np.equal(picture["labels"], picture["predictions"])) < small[0]["result"]["soft_accuracy"], (
        "what networks disagree on is harder than the rest"
    )


@pytest.mark.parametrize("voting, other", [("hard", "soft"), ("soft", "hard")])
def test_one_way_of_voting_alone(small, watch, voting, other):
    outcome, shown = watch("mnist_ensemble", members=4, voting=voting, **SMALL)
    result = outcome["result"]
    assert result["test_accuracy"] == result[f"{voting}_accuracy"] == small[0]["result"][f"{voting}_accuracy"]
    assert f"{other}_accuracy" not in result
    assert shown["plot:votes"][-1]["lines"] == [voting, "alone"]


@pytest.mark.slow
def test_the_vote_of_five_is_above_each_of_them_on_all_of_mnist(full):
    full("mnist_ensemble")
