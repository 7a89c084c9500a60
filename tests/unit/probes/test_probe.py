"""Probes: what they see agrees with eager computation, and the training does not feel them."""

import numpy as np
import pytest

import pydl
from pydl import Tensor, losses, nn, optim, probes
from pydl.callbacks import Callback
from pydl.probes.statistics import statistics
from tests.unit.support import assert_agree

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 4)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2] > 0).astype(np.float32)
XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([[0], [1], [1], [0]], np.float32)


def network(layers=None, seed=1, optimizer=None):
    pydl.seed(seed)
    if layers is None:
        layers = [nn.Dense(8, activation="relu", kernel_regularizer="l2"), nn.BatchNormalization(), nn.Dropout(0.5)]
    model = nn.Sequential([*layers, nn.Dense(1)], input_shape=(4,))
    model.compile(optimizer or optim.Adam(0.01), losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def fit(model, *looks, **options):
    settings = {"batch_size": 10, "epochs": 4, "verbose": 0, "probes": looks}
    return model.fit(X, Y, **(settings | options))


def everything(model):
    generator = pydl.random.default
    state = {**dict(enumerate(model.get_weights())), **model.optimizer.state(), "counter": generator.counter.numpy()}
    return {name: array.tobytes() for name, array in state.items()}


def test_a_run_with_probes_learns_exactly_what_one_without_learns():
    alone, watched = network(), network()
    pydl.seed(5)
    expected = fit(alone).history
    state = everything(alone)
    pydl.seed(5)
    history = fit(watched, probes.Activations(2), probes.Gradients(1, histogram=5), probes.Weights(3))
    assert history.history == expected
    assert everything(watched) == state


def test_each_probe_looks_every_so_many_steps():
    history = fit(network(), probes.Weights(every=5), probes.Weights(every=3, name="often"), epochs=5)
    assert [(record["step"], record["epoch"]) for record in history.probes["weights"]] == [(0, 0), (5, 1), (10, 3)]
    assert [record["step"] for record in history.probes["often"]] == [0, 3, 6, 9, 12]


def test_gradients_are_those_of_eager_autograd():
    model = network()
    pydl.seed(5)
    record = fit(model, probes.Gradients(every=1), shuffle=False, epochs=1).probes["gradients"][0]
    model = network()
    pydl.seed(5)  # the same masks
    with nn.training_mode():
        loss, _ = model.objective(Tensor(X[:10]), Tensor(Y[:10]))
    loss.backward()
    weights = {path: weight.grad for path, weight in model.named_weights().items() if weight.requires_grad}
    assert len(weights) == 6
    assert set(record["layers"]) == {*weights, "dense", "batch_normalization", "dropout", "dense_1"}
    for path, gradient in weights.items():
        norm = np.linalg.norm(gradient.numpy().astype(np.float64))
        assert record["layers"][path]["norm"] == pytest.approx(norm, rel=1e-5, abs=1e-9), path


def test_the_gradient_by_a_layers_output_is_what_flows_back_through_it():
    model = network([nn.Dense(8, activation="tanh"), nn.Dense(6, activation="relu")])
    layers = fit(model, probes.Gradients(), shuffle=False, epochs=1).probes["gradients"][0]["layers"]
    model = network([nn.Dense(8, activation="tanh"), nn.Dense(6, activation="relu")])
    w1, b1, w2, b2, w3, b3 = (weight.numpy().astype(np.float64) for weight in model.weights)
    h1 = np.tanh(X[:10] @ w1 + b1)
    h2 = np.maximum(h1 @ w2 + b2, 0)
    d3 = (1 / (1 + np.exp(-(h2 @ w3 + b3))) - Y[:10]) / 10
    d2 = d3 @ w3.T
    d1 = (d2 * (h2 > 0)) @ w2.T
    for path, gradient in {"dense": d1, "dense_1": d2, "dense_2": d3}.items():
        assert layers[path]["norm"] == pytest.approx(np.linalg.norm(gradient), rel=1e-4), path
        assert layers[path]["std"] == pytest.approx(gradient.std(), rel=1e-4), path


def test_activations_are_the_outputs_in_training_mode():
    model = network([nn.Dense(8, activation="relu")])
    layers = fit(model, probes.Activations(histogram=6), shuffle=False).probes["activations"][0]["layers"]
    model = network([nn.Dense(8, activation="relu")])
    hidden = model.layers[0](X[:10]).numpy()
    assert set(layers) == {"dense", "dense_1"}
    assert_agree(layers["dense"]["mean"], hidden.mean().astype(float), rtol=1e-5)
    assert layers["dense"]["histogram"]["counts"] == np.histogram(hidden, 6)[0].tolist()


def test_dropout_is_seen_at_work():
    model = network([nn.Dense(500, activation="sigmoid"), nn.Dropout(0.25)])
    layers = fit(model, probes.Activations(), batch_size=1).probes["activations"][0]["layers"]
    assert layers["dense"]["dead"] == 0
    assert layers["dropout"]["dead"] == pytest.approx(0.25, abs=0.06)


def test_dead_units_are_counted():
    model = network([nn.Dense(8, activation="relu")])
    dense = model.layers[0]
    dense.bias.assign(np.where(np.arange(8) < 6, -100, 100))
    history = fit(model, probes.Activations(), probes.Gradients())
    assert history.probes["activations"][0]["layers"]["dense"]["dead"] == 0.75
    assert history.probes["gradients"][0]["layers"]["dense/kernel"]["dead"] == 0.75


def test_a_dead_filter_is_one_that_gives_0_at_every_place():
    pydl.seed(1)
    model = nn.Sequential([nn.Conv2D(4, 3, activation="relu"), nn.Flatten(), nn.Dense(2)], input_shape=(6, 6, 1))
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.layers[0].bias.assign([-100, 100, 100, 100])
    history = model.fit(RNG.random((8, 6, 6, 1)), np.arange(8) % 2, verbose=0, probes=probes.Activations())
    assert history.probes["activations"][0]["layers"]["conv2d"]["dead"] == 0.25


def test_weights_are_those_before_the_step():
    model = network()
    before = {path: weight.numpy() for path, weight in model.named_weights().items()}
    records = fit(model, probes.Weights(every=11), epochs=4).probes["weights"]
    layers = records[0]["layers"]
    assert set(layers) == set(before)
    for path, weight in before.items():
        assert layers[path]["norm"] == pytest.approx(np.linalg.norm(weight.astype(np.float64)), rel=1e-6)
    assert records[1]["layers"]["batch_normalization/moving_mean"]["norm"] > 0, "moving averages have moved"


def test_nine_sigmoid_layers_let_the_gradient_fade_toward_the_input():
    norms = {}
    for activation in ("sigmoid", "relu"):
        pydl.seed(1)
        hidden = [nn.Dense(5, activation=activation, kernel_initializer="he_normal") for _ in range(9)]
        model = nn.Sequential([*hidden, nn.Dense(1)], input_shape=(2,))
        model.compile(optim.SGD(0.1), losses.BinaryCrossentropy(from_logits=True))
        layers = model.fit(*XOR, verbose=0, probes=probes.Gradients()).probes["gradients"][0]["layers"]
        norms[activation] = [layers[path]["norm"] for path in layers if path.endswith("kernel")]
    sigmoid = norms["sigmoid"]
    assert len(sigmoid) == 10
    assert sigmoid == sorted(sigmoid), "each layer nearer to the input gets less"
    assert sigmoid[0] < 1e-4 * sigmoid[-1]
    assert norms["relu"][0] > 1e-2 * norms["relu"][-1]


def test_frozen_weights_have_no_gradient_to_show():
    model = network([nn.Dense(8, activation="relu")])
    model.layers[0].trainable = False
    layers = fit(model, probes.Gradients()).probes["gradients"][0]["layers"]
    assert "dense_1/kernel" in layers and "dense/kernel" not in layers


def test_the_weights_of_samples_count_in_gradients():
    looks = [
        fit(network(), probes.Gradients(), shuffle=False, sample_weight=weight).probes["gradients"][0]["layers"]
        for weight in (np.full(30, 2.0), None)
    ]
    assert looks[0]["dense_1/kernel"]["norm"] == pytest.approx(2 * looks[1]["dense_1/kernel"]["norm"], rel=1e-5)


def test_a_layer_that_is_called_twice_has_two_outputs():
    shared = nn.Dense(4, activation="tanh")
    layers = fit(network([shared, shared]), probes.Activations()).probes["activations"][0]["layers"]
    assert list(layers) == ["dense", "dense:2", "dense_1"]


def test_callbacks_are_told():
    class Look(Callback):
        def on_probe(self, name, record):
            seen.append((name, record))

    seen = []
    history = fit(network(), probes.Weights(every=6), callbacks=[Look()])
    assert seen == [("weights", record) for record in history.probes["weights"]]


def test_a_probe_may_be_used_for_one_model_after_another():
    probe = probes.Weights()
    for model in (network(), network([nn.Dense(3)])):
        layers = fit(model, probe).probes["weights"][0]["layers"]
        assert set(layers) == set(model.named_weights())


def test_a_probe_costs_no_new_program_at_every_look():
    model, probe = network(), probes.Activations(every=1)
    fit(model, probe)
    assert len(probe._compiled[1]._cache) == 1
    assert probe._compiled[1].program(X[:10], Y[:10]).updates == []


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="Activations: expected every >= 1, received 0"):
        probes.Activations(every=0)
    with pytest.raises(ValueError, match="Weights: expected histogram >= 0, received -1"):
        probes.Weights(histogram=-1)
    with pytest.raises(ValueError, match=r"same name; give one another, as in Gradients\(name='early'\)"):
        fit(network(), probes.Weights(), probes.Weights())
    for mistake in (probes.Weights, "weights"):
        with pytest.raises(TypeError, match="probes: expected objects of class Probe, received"):
            fit(network(), mistake)


def test_the_statistics_need_no_more_than_a_traced_tensor():
    found = pydl.jit(lambda x: statistics(x, 3))(X)
    assert {name: value.shape for name, value in found.items()} == {
        "mean": (), "std": (), "norm": (), "dead": (), "counts": (3,), "edges": (4,)
    }  # fmt: skip
