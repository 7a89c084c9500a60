"""Random models of all layers, optimizers, schedules and losses: compiled training is what single lines do, probes
leave no trace, and what is resumed or loaded goes on to the last bit."""

import numpy as np
import pytest

import pydl
from pydl import Tensor, io, losses, nn, optim, probes
from pydl.callbacks import Callback
from pydl.optim import schedules
from pydl.tensor import as_input

EPOCHS = 2
ACTIVATIONS = [*nn.functional.ACTIVATIONS, None]
PRICES = ["l1", "l2", "l1_l2", None, None]


def one_of(rng, *choices):
    return choices[rng.integers(len(choices))]


def image_layer(rng):
    size, stride, padding = one_of(rng, ((1, 2), 2, "same"), (2, 1, "valid"), (2, 2, "same"), ((3, 2), 1, "same"))
    return one_of(
        rng,
        lambda: nn.Conv2D(int(rng.integers(1, 4)), size, stride, padding, one_of(rng, *ACTIVATIONS),
                          kernel_regularizer=one_of(rng, *PRICES)),
        lambda: one_of(rng, nn.MaxPooling2D, nn.AveragePooling2D)(size, stride, padding),
        lambda: nn.BatchNormalization(one_of(rng, 1, 2, 3, -1), momentum=0.9, scale=bool(rng.integers(2))),
        lambda: nn.Dropout(0.3, seed=one_of(rng, None, 5)),
    )()  # fmt: skip


def row_layer(rng):
    units = int(rng.integers(1, 7))
    return one_of(
        rng,
        lambda: nn.Dense(units, one_of(rng, *ACTIVATIONS), kernel_initializer=one_of(rng, "he_normal", "lecun_uniform"),
                         kernel_regularizer=one_of(rng, *PRICES), bias_regularizer=one_of(rng, *PRICES)),
        lambda: nn.Maxout(units, int(rng.integers(1, 4))),
        lambda: nn.BatchNormalization(gamma_regularizer=one_of(rng, *PRICES)),
        lambda: nn.Dropout(0.4, seed=one_of(rng, None, 9)),
    )()  # fmt: skip


def some_optimizer(rng):
    rate = one_of(
        rng,
        0.01,
        schedules.ExponentialDecay(0.02, 5, 0.7, staircase=True),
        schedules.CosineDecay(0.02, 20, warmup_target=0.03, warmup_steps=4),
        schedules.PiecewiseConstantDecay([3, 7], [0.02, 0.01, 0.005]),
    )
    clip = one_of(rng, {}, {"clipnorm": 0.5}, {"clipvalue": 0.1}, {"global_clipnorm": 0.7})
    kind, options = one_of(
        rng,
        (optim.SGD, {"momentum": 0.9, "nesterov": bool(rng.integers(2))}),
        (optim.SGD, {}),
        (optim.Adam, {"amsgrad": bool(rng.integers(2))}),
        (optim.AdamW, {}),
        (optim.Adagrad, {}),
        (optim.RMSprop, {"momentum": one_of(rng, 0.0, 0.5), "centered": bool(rng.integers(2))}),
    )
    return kind(rate, **options, **clip)


def made_model(seed, shape, last, loss, metrics):
    """The model of a seed: the same layers and weights, trained the same way, whenever it is made."""
    rng = np.random.default_rng(seed)
    pydl.seed(seed)
    layers = [*(image_layer(rng) for _ in range(rng.integers(1, 4))), nn.Flatten()] if len(shape) == 3 else []
    layers += [row_layer(rng) for _ in range(rng.integers(0, 4))]
    for layer in layers:
        layer.trainable = rng.random() < 0.8
    model = nn.Sequential([*layers, nn.Dense(*last)], input_shape=shape)
    model.compile(some_optimizer(rng), loss, metrics)
    return model


def problem(seed):
    """(what makes the model, x, y, how to fit)"""
    rng = np.random.default_rng([seed, 1])
    rows = int(rng.integers(5, 30))
    shape = one_of(rng, (int(rng.integers(1, 9)),), (5, 6, int(rng.integers(1, 3))))
    classes, logits = rng.integers(0, 3, rows), losses.SparseCategoricalCrossentropy(from_logits=True)
    last, loss, metrics, y = one_of(
        rng,
        ((3, "softmax"), "sparse_categorical_crossentropy", ["accuracy", "precision"], classes),
        ((3,), logits, ["accuracy", "f1_score"], classes),
        ((1, "sigmoid"), "binary_crossentropy", ["accuracy", "recall"], classes > 0),
        ((2,), one_of(rng, "mse", "mae"), ["mae"], rng.standard_normal((rows, 2))),
        ((3, "softmax"), one_of(rng, "categorical_crossentropy", "kl_divergence"), ["accuracy"], np.eye(3)[classes]),
    )
    x = rng.standard_normal((rows, *shape))
    x = (x * 2).clip(0, 4).astype(np.uint8) if rng.random() < 0.2 else x.astype(one_of(rng, np.float32, np.float64))
    weights = one_of(rng, None, rng.random(rows).astype(np.float32))
    fit = {"batch_size": int(rng.integers(1, 11)), "shuffle": bool(rng.integers(2)), "sample_weight": weights}
    return lambda: made_model(seed, shape, last, loss, metrics), x, y, fit | {"verbose": 0}


def everything(model):
    """All that training changes, as bytes."""
    state = {**{path: weight.numpy() for path, weight in model.named_weights().items()}, **model.optimizer.state()}
    return {name: array.tobytes() for name, array in state.items()} | {"random": int(pydl.random.default.counter)}


def by_single_lines(model, x, y, batch_size, shuffle, sample_weight, **_):
    """What `fit` does, evaluated line by line. Returns the mean loss of every epoch."""
    model._build_optimizer()
    y, means = as_input(y), []
    for _ in range(EPOCHS):
        order, total = np.arange(len(x)), 0.0
        if shuffle and batch_size < len(x):
            order = pydl.random.default.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            batch = [Tensor(x[rows]), as_input(y.data[rows])]
            weights = [] if sample_weight is None else [Tensor(sample_weight[rows])]
            total += model._train_step(*batch, *weights)[0].item() * len(rows)
        means.append(total / len(x))
    return means


class Killed(Callback):
    """Writes a checkpoint after so many steps, and ends the training the hard way."""

    def __init__(self, steps, path):
        self.left, self.path = steps, path

    def on_train_batch_end(self, batch, logs):
        self.left -= 1
        if not self.left:
            self.model.save_checkpoint(self.path)
            raise KeyboardInterrupt


def check_model(seed, folder):
    make, x, y, fit = problem(seed)
    model = make()
    history = model.fit(x, y, epochs=EPOCHS, **fit).history
    learned = everything(model)

    eager = make()
    np.testing.assert_allclose(history["loss"], by_single_lines(eager, x, y, **fit), rtol=1e-4, atol=1e-5)
    assert everything(eager).keys() == learned.keys() and everything(eager)["random"] == learned["random"]

    looks = [probes.Activations(2, histogram=3), probes.Gradients(1), probes.Weights(3)]
    probed = make()
    probed.fit(x, y, epochs=EPOCHS, probes=looks, **fit)
    assert everything(probed) == learned

    path = folder / f"{seed}{('.npz', '.safetensors')[seed % 2]}"
    steps = -(-len(x) // fit["batch_size"]) * EPOCHS
    with pytest.raises(KeyboardInterrupt):
        make().fit(x, y, epochs=EPOCHS, callbacks=Killed(1 + seed % steps, path), **fit)
    resumed = make()
    pydl.seed(4711)
    assert resumed.fit(x, y, epochs=EPOCHS, resume=path, **fit).history == history
    assert everything(resumed) == learned

    loaded = nn.load_model(io.to_bytes(model, path.suffix))
    assert everything(loaded) == everything(model)
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
    for each in (model, loaded):
        pydl.seed(5)
        each.fit(x, y, **fit)
    assert everything(loaded) == everything(model)


@pytest.mark.parametrize("seed", range(8))
def test_a_random_model_trains_as_single_lines_do_and_goes_on_from_files(seed, tmp_path):
    check_model(seed, tmp_path)


@pytest.mark.slow
def test_hundreds_of_random_models_train_as_single_lines_do_and_go_on_from_files(tmp_path):
    for seed in range(100, 400):
        check_model(seed, tmp_path)
