"""Sequential: a stack of layers, their names, and the summary that a person reads."""

import numpy as np
import pytest

import pydl
from pydl import ShapeError, nn
from tests.unit.support import assert_agree, fingerprint

X = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)


def test_layers_are_applied_one_after_the_other():
    model = nn.Sequential([nn.Dense(4, activation="relu"), nn.Dense(2), nn.Activation("softmax")])
    y = model(X).numpy()
    first, second, _ = model.layers
    hidden = np.maximum(X @ first.kernel.numpy() + first.bias.numpy(), 0)
    powers = np.exp(hidden @ second.kernel.numpy() + second.bias.numpy())
    assert_agree(y, powers / powers.sum(1, keepdims=True))
    assert model.output_shape((3,)) == (2,)


def test_layers_of_one_name_are_numbered():
    model = nn.Sequential([nn.Dense(4), nn.Dense(4, name="logits"), nn.Dense(4), nn.Dense(2)], input_shape=(3,))
    assert [layer.name for layer in model.layers] == ["dense", "logits", "dense_1", "dense_2"]
    assert len({p.name for p in model.parameters()}) == 8


def test_the_weights_of_a_seed_are_the_same_on_every_machine():
    """Which layer draws first, and how much, counts as well: a change here changes every seeded run of every user."""
    pydl.seed(777)
    layers = [
        nn.Conv2D(3, (2, 3), kernel_initializer="he_normal"),
        nn.BatchNormalization(),
        nn.Flatten(),
        nn.Maxout(4, bias_initializer="random_normal"),
        nn.Dropout(0.5),
        nn.Dense(2, kernel_initializer="truncated_normal"),
    ]
    assert fingerprint(*nn.Sequential(layers, input_shape=(5, 6, 2)).get_weights()) == "83d6f98ea1948f81"
    assert int(pydl.random.default.counter) == 4


def test_the_input_shape_builds_at_once():
    assert nn.Sequential([nn.Dense(4)], input_shape=(3,)).count_parameters() == 16
    assert nn.Sequential([nn.Dense(4)]).count_parameters() == 0


def test_building_by_hand_builds_the_model_too():
    model = nn.Sequential([nn.Dense(4), nn.Dense(2)])
    model.build((3,))
    assert (model.built, model.input_shape, model.count_parameters()) == (True, (3,), 26)


@pytest.mark.parametrize("shape", [(None, 3), 3, "3", (-1,), (3.0,)])
def test_a_shape_is_that_of_one_sample(shape):
    layers = [nn.Dense(4)]
    for attempt in (lambda: nn.Sequential(layers, input_shape=shape), lambda: nn.Sequential(layers).build(shape)):
        with pytest.raises(ShapeError) as error:
            attempt()
        expected = "sequential: expected the shape of one sample, without the batch axis, as (784,), received"
        assert str(error.value) == f"{expected} {shape!r}"


def test_summary_lists_every_layer_and_the_total(capsys):
    nn.Sequential(
        [nn.Dense(256, activation="relu"), nn.Activation("tanh"), nn.Dense(10, name="logits")],
        input_shape=(784,),
        name="digits",
    ).summary()
    assert capsys.readouterr().out == (
        "Model: digits\n"
        "Layer (type)             Output shape  Parameters\n"
        "-------------------------------------------------\n"
        "dense (Dense)            (batch, 256)     200,960\n"
        "activation (Activation)  (batch, 256)           0\n"
        "logits (Dense)           (batch, 10)        2,570\n"
        "-------------------------------------------------\n"
        "Total parameters: 203,530\n"
    )


def test_summary_tells_frozen_parameters_apart():
    model = nn.Sequential([nn.Dense(4), nn.Dense(1)], input_shape=(3,))
    model.layers[0].trainable = False
    lines = []
    model.summary(print_fn=lines.append)
    assert lines[-3:] == ["Total parameters: 21", "Trainable: 5", "Not trainable: 16"]


def test_a_notebook_shows_the_summary_as_a_table():
    model = nn.Sequential([nn.Dense(4, name="<b>")], input_shape=(3,))
    page = model._repr_html_()
    assert page.count("<tr>") == 2
    assert "<td>&lt;b&gt; (Dense)</td><td>(batch, 4)</td>" in page
    assert "Total parameters: 16" in page
    assert "not built yet" in nn.Sequential([nn.Dense(4)])._repr_html_()


def test_a_model_of_ones_own_has_a_summary_and_is_trained():
    class Shortcut(nn.Model):
        def __init__(self):
            super().__init__("shortcut")
            self.first = nn.Dense(3, activation="tanh")
            self.last = nn.Dense(1)

        def call(self, x):
            return self.last(self.first(x) + x)

    model = Shortcut()
    model.compile("adam", "mse")
    history = model.fit(X, X[:, :1], epochs=30, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    lines = []
    model.summary(print_fn=lines.append)
    assert lines[3:5] == ["first (Dense)  (batch, 3)            12", "last (Dense)   (batch, 1)             4"]
    assert repr(model) == "<Shortcut 'shortcut', 16 parameters>"


def test_summary_of_a_model_that_is_not_built_says_what_to_do():
    lines = []
    nn.Sequential([nn.Dense(4)]).summary(print_fn=lines.append)
    assert lines == ["sequential: 1 layers, not built yet: pass input_shape, or fit first"]


def test_a_model_may_be_a_layer_of_another():
    inner = nn.Sequential([nn.Dense(4, activation="relu"), nn.Dense(3)], name="inner")
    model = nn.Sequential([inner, nn.Dense(1)])
    model.compile("sgd", "mse")
    before = inner(X).numpy()
    model.fit(X, X[:, :1], verbose=0)
    assert len(model.parameters()) == 6
    assert model.output_shape((3,)) == (1,)
    assert not np.array_equal(inner(X).numpy(), before), "the inner layers learn too"


def test_what_is_not_a_layer_is_refused():
    with pytest.raises(TypeError, match="expected a layer, received 'relu'"):
        nn.Sequential([nn.Dense(3), "relu"])
    with pytest.raises(TypeError, match=r"expected a list of layers, Sequential\(\[...\]\), received Dense\(units=3"):
        nn.Sequential(nn.Dense(3), nn.Dense(2))
    with pytest.raises(RuntimeError, match="at least one layer"):
        nn.Sequential()(X)
    model = nn.Sequential([nn.Dense(3)], input_shape=(3,))
    with pytest.raises(RuntimeError, match="built already"):
        model.add(nn.Dense(2))
