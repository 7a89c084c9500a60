"""The deep network built twice: both ways agree, each part shows what it is about, and (slow) all of it on MNIST."""

import numpy as np
import pytest

import pydl
from pydl import lessons, optim
from pydl.lessons import digits, mnist_dnn

# 550 images for training: 11 batches of 50
SMALL = {"dataset": "drawn_digits", "subset": 600, "layers": [32, 16], "learning_rate": 0.1}


@pytest.fixture(scope="module")
def both(watch):
    return watch("mnist_dnn", epochs=3, **SMALL)


@pytest.fixture(scope="module")
def everything(watch):
    return watch("mnist_dnn", part="all", epochs=2, **SMALL)


@pytest.fixture
def weights():
    pydl.seed(3)
    return mnist_dnn.dnn_weights(784, [20, 10], 4)


@pytest.fixture
def batch():
    random = np.random.default_rng(4)
    return random.random((50, 784), np.float32), random.integers(0, 4, 50)


def by_numpy(x, weights):
    for name in ("hidden1", "hidden2"):
        x = np.maximum(x @ weights[f"{name}/kernel"].numpy() + weights[f"{name}/bias"].numpy(), 0)
    return x @ weights["outputs/kernel"].numpy() + weights["outputs/bias"].numpy()


# ---- by hand and by DNNClassifier


def test_both_ways_learn_the_same_network(both):
    history, result = both[0]["history"], both[0]["result"]
    for curve in ("loss", "val_loss", "val_accuracy"):
        assert history[curve] == pytest.approx(history[f"high_level_{curve}"], rel=1e-5)
    assert result["test_accuracy"] == pytest.approx(result["high_level_test_accuracy"])
    assert result["steps"] == result["high_level_steps"] == 33


def test_the_network_learns(both):
    losses = both[0]["history"]["val_loss"]
    assert losses[0] > losses[1] > losses[2]
    assert both[0]["result"]["test_accuracy"] > 0.3, "33 steps, ten digits"


def test_every_epoch_has_its_batch_and_validation_accuracy(both):
    outcome, shown = both
    history, rows = outcome["history"], shown["table:epochs"][-1]["rows"]
    assert rows == [list(row) for row in zip([1, 2, 3], history["accuracy"], history["val_accuracy"])]
    assert outcome["result"]["seconds"] > 0


def test_the_restored_network_reads_the_first_twenty_test_digits(both):
    outcome, first = both[0], both[1]["digits"][-1]
    _, (_, y_test) = digits.load("drawn_digits", 600, 777)
    assert first["images"].shape == (20, 28, 28)
    assert first["labels"] == y_test[:20].tolist()
    right = np.equal(first["labels"], first["predictions"]).mean()
    assert right == pytest.approx(outcome["result"]["test_accuracy"], abs=0.25)


def test_fewer_steps_leave_the_classifier_behind():
    result = lessons.run("mnist_dnn", part="high_level", epochs=20, steps=4, **SMALL)["result"]
    longer = lessons.run("mnist_dnn", part="high_level", epochs=20, **SMALL)["result"]
    assert (result["steps"], longer["steps"]) == (4, 220)
    assert result["test_accuracy"] < longer["test_accuracy"] - 0.2


def test_the_graph_names_the_layers(weights):
    assert mnist_dnn.as_graph(weights) == (
        "input > hidden1 (15,700 weights) > hidden2 (210 weights) > outputs (44 weights) > output"
    )


def test_a_forward_pass_is_matrix_products_and_relu(weights, batch):
    logits = mnist_dnn.dnn(pydl.Tensor(batch[0]), weights).numpy()
    np.testing.assert_allclose(logits, by_numpy(batch[0], weights), rtol=1e-5, atol=1e-5)


def test_accuracy_is_the_share_of_labels_with_the_largest_logit(weights, batch):
    logits = by_numpy(batch[0], weights)
    loss, accuracy = mnist_dnn.measure_of(weights, "numpy")(*batch)
    assert accuracy.item() == pytest.approx((logits.argmax(axis=1) == batch[1]).mean())
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert loss.item() == pytest.approx(-np.log(shares[np.arange(50), batch[1]]).mean(), rel=1e-5)


def test_weights_begin_with_deviation_2_over_the_root_of_n():
    pydl.seed(0)
    weights = mnist_dnn.dnn_weights(400, [300], 10)
    kernel = weights["hidden1/kernel"].numpy()
    assert kernel.std() == pytest.approx(0.88 * 2 / 20, rel=0.02), "what two deviations cut off leaves 88%"
    assert np.abs(kernel).max() <= 2 * 2 / 20
    assert not weights["hidden1/bias"].numpy().any()
    assert list(weights) == ["hidden1/kernel", "hidden1/bias", "outputs/kernel", "outputs/bias"]


def test_weights_that_the_optimizer_is_not_given_are_frozen(weights, batch):
    before = {path: weight.numpy() for path, weight in weights.items()}
    optimizer = mnist_dnn.adam({path: weights[path] for path in ("outputs/kernel", "outputs/bias")})
    assert isinstance(optimizer, optim.Adam)
    mnist_dnn.step_of(weights, optimizer, "numpy")(*batch)
    changed = [path for path, weight in weights.items() if (weight.numpy() != before[path]).any()]
    assert changed == ["outputs/kernel", "outputs/bias"]


# ---- the other parts


def test_all_parts_show_all_figures_with_words_for_them(everything):
    shown, texts = everything[1], lessons.texts("mnist_dnn")["figures"]
    assert set(shown) == set(mnist_dnn.FIGURES)
    for figure, data in shown.items():
        kind, _, name = figure.partition(":")
        if kind == "plot":
            assert set(texts[name]["lines"]) == set(data[-1]["lines"])
        if kind == "table":
            assert set(texts[name]["columns"]) == set(data[-1]["columns"])
            assert set(texts[name].get("cells", {})) <= {row[0] for row in data[-1]["rows"]}


def test_all_parts_have_their_results_by_name(everything):
    result = everything[0]["result"]
    assert result["early_stopping_best_epoch"] <= result["early_stopping_epochs"] <= 2
    assert set(mnist_dnn.RUN) == set(mnist_dnn.PARTS)
    for part in mnist_dnn.PARTS[1:]:
        assert any(name.startswith(f"{part}_") for name in result), part


def test_the_gap_is_one_epoch_of_other_settings(everything):
    rows = everything[1]["table:gap"][-1]["rows"]
    assert [steps for _, steps, _ in rows] == [11] * 4
    assert len({accuracy for _, _, accuracy in rows}) > 1


def test_the_search_tries_every_combination_and_names_the_best(everything):
    rows = everything[1]["table:search"][-1]["rows"]
    assert {(units, rate) for units, rate, *_ in rows} == {(u, r) for u in ("100", "32-16") for r in (0.01, 0.1, 0.5)}
    accuracies = [row[2] for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    assert everything[0]["result"]["search_val_accuracy"] == accuracies[0]


def test_the_digits_that_are_unknown_at_first_are_learned_from_few_images(everything):
    table = everything[1]["table:reused"][-1]
    assert [row[0] for row in table["rows"]] == [20, 50, 100], "8 and 9 among 550 digits"
    assert table["rows"][-1][1] > 0.5, "a new network learns to tell them apart"


def test_early_stopping_ends_before_the_last_epoch_where_others_images_are_read_worse(watch):
    outcome, shown = watch("mnist_dnn", part="early_stopping", epochs=60, dataset="drawn_digits", subset=200)
    epochs, best = outcome["result"]["epochs"], outcome["result"]["best_epoch"]
    assert (epochs, len(outcome["history"]["loss"])) == (best + 3, best + 3)
    assert epochs < 60
    val_losses = outcome["history"]["val_loss"]
    assert best == 1 + int(np.argmin(val_losses))
    assert shown["plot:stopping"][-1]["points"] == [[best, val_losses[best - 1]]]


def test_too_few_images_for_a_validation_are_refused():
    with pytest.raises(lessons.LessonError, match="option subset: expected at least 12 images, .* received 11"):
        lessons.run("mnist_dnn", dataset="drawn_digits", subset=11)


# ---- all of MNIST


@pytest.mark.slow
def test_all_of_mnist_is_read_alike_by_both_and_7_points_are_a_matter_of_steps(full):
    full("mnist_dnn")


@pytest.mark.slow
@pytest.mark.parametrize("part", ["early stopping", "search", "reuse"])
def test_the_other_parts_on_all_of_mnist(full, part):
    full(f"mnist_dnn, {part}")
