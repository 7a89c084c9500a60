"""A saved model opens as what it was: the same outputs to the last bit, and it goes on training as it would have."""

import json
import tracemalloc
from io import BytesIO

import numpy as np
import pytest

import pydl
from pydl import init, nn, optim
from pydl.io import (
    FileError,
    load_checkpoint,
    load_model,
    load_weights,
    model_state,
    restore_model,
    save_checkpoint,
    save_model,
    save_weights,
    to_bytes,
)
from tests.unit.io.files import FORMATS, altered, content_of, damaged
from tests.unit.nn.layer_check import CASES

RANDOM = np.random.default_rng(8)
X = RANDOM.normal(size=(40, 6, 6, 1)).astype(np.float32)
Y = RANDOM.integers(0, 3, 40)


def a_model(optimizer="adam", metrics=("accuracy",)):
    pydl.seed(3)
    model = nn.Sequential(
        [
            nn.Conv2D(3, 3, activation="relu", padding="same", name="conv"),
            nn.BatchNormalization(),
            nn.MaxPooling2D(),
            nn.Flatten(),
            nn.Dropout(0.3, seed=5),
            nn.Maxout(4),
            nn.Dropout(0.1),
            nn.Dense(3, activation="softmax", kernel_initializer="he_normal", kernel_regularizer="l2", name="top"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", list(metrics))
    return model


def a_trained_model(**options):
    model = a_model(**options)
    model.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    return model


def a_small_model(units=4, name="hidden"):
    return nn.Sequential([nn.Dense(units, activation="tanh", name=name), nn.Dense(2, name="top")], input_shape=(3,))


def weights_of(model):
    return {path: weight.numpy().tobytes() for path, weight in model.named_weights().items()}


class Scaled(nn.Module):
    """A layer of one's own, with a weight that it draws by itself."""

    def __init__(self, factor=2.0, name=""):
        super().__init__(name)
        self.factor = factor

    def build(self, shape):
        self.scale = pydl.Parameter(pydl.random.default.normal(shape), name="scale")

    def output_shape(self, shape):
        return shape

    def call(self, x):
        return x * self.scale * self.factor


class Residual(nn.Model):
    """A model of one's own."""

    def __init__(self, units=3, name=""):
        super().__init__(name)
        self.units = units
        self.inner = nn.Dense(units, activation="relu")
        self.scaled = [Scaled(), Scaled(3.0)]

    def call(self, x):
        return x + self.scaled[1](self.scaled[0](self.inner(x)))


# ---- what comes back


@pytest.mark.parametrize("format", FORMATS)
def test_a_trained_model_comes_back_whole(tmp_path, format):
    model = a_trained_model()
    model.save(tmp_path / f"model{format}")
    loaded = nn.load_model(tmp_path / f"model{format}")
    assert weights_of(loaded) == weights_of(model)
    assert loaded.predict(X).tobytes() == model.predict(X).tobytes()
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert loaded.history.history == model.history.history
    assert loaded.get_config() == model.get_config()
    assert loaded.get_compile_config() == model.get_compile_config()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "optimizer",
    [
        optim.Adam(0.01),
        optim.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0),
        optim.RMSprop(momentum=0.5, centered=True),
        optim.Adagrad(0.1),
        optim.AdamW(optim.schedules.ExponentialDecay(0.01, 3, 0.5)),
    ],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_a_loaded_model_goes_on_training_as_it_would_have(format, optimizer):
    model = a_trained_model(optimizer=optimizer)
    loaded = load_model(to_bytes(model, format))
    histories = []
    for one in (model, loaded):
        pydl.seed(9)
        histories.append(one.fit(X, Y, batch_size=16, epochs=2, verbose=0).history)
    assert histories[0] == histories[1]
    assert weights_of(loaded) == weights_of(model)


@pytest.mark.parametrize("kind, options, shape", CASES, ids=lambda part: getattr(part, "__name__", None))
def test_every_layer_and_option_comes_back(kind, options, shape):
    model = nn.Sequential([kind(**options)], input_shape=shape)
    loaded = load_model(to_bytes(model))
    x = RANDOM.normal(size=(3, *shape)).astype(np.float32)
    assert loaded.predict(x).tobytes() == model.predict(x).tobytes()
    assert loaded.get_config() == model.get_config()


def test_numpy_and_safetensors_see_plain_arrays_by_path():
    safetensors = pytest.importorskip("safetensors.numpy")
    model = a_trained_model()
    with np.load(BytesIO(to_bytes(model)), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["top/kernel"], model.layers[-1].kernel.numpy())
        assert json.loads(file["metadata.json"])["model"]["class_name"] == "Sequential"
    arrays = safetensors.load(to_bytes(model, ".safetensors"))
    np.testing.assert_array_equal(arrays["top/kernel"], model.layers[-1].kernel.numpy())
    np.testing.assert_array_equal(arrays["optimizer/iterations"], 6)


def test_what_is_frozen_stays_frozen():
    model = a_model()
    model.layers[0].trainable = False
    model.fit(X, Y, epochs=1, verbose=0)
    loaded = load_model(to_bytes(model))
    assert [weight.name for weight in loaded.trainable_weights] == [weight.name for weight in model.trainable_weights]
    before = loaded.layers[0].kernel.numpy()
    loaded.fit(X, Y, epochs=1, verbose=0)
    np.testing.assert_array_equal(loaded.layers[0].kernel.numpy(), before)


def test_models_in_models_and_models_of_ones_own_come_back():
    for model in (Residual(), nn.Sequential([Residual(name="a"), nn.Sequential([Scaled(0.5)]), nn.Dense(1)])):
        model.compile("sgd", "mse")
        model.fit(X[:, 0, :3, 0], Y, epochs=1, verbose=0) if isinstance(model, nn.Sequential) else model(X[:, 0, :3, 0])
        loaded = load_model(to_bytes(model))
        assert type(loaded) is type(model) and weights_of(loaded) == weights_of(model)
        assert loaded.predict(X[:, 0, :3, 0]).tobytes() == model.predict(X[:, 0, :3, 0]).tobytes()


def test_what_is_no_file_at_all_is_refused():
    with pytest.raises(FileError, match="expected a path, the content as bytes, or an open file, received None"):
        load_model(None)


def test_models_that_are_not_built_or_not_compiled_come_back_so():
    loaded = load_model(to_bytes(nn.Sequential([nn.Dense(3)])))
    assert not loaded.built and loaded.get_compile_config() is None
    loaded = load_model(to_bytes(a_small_model()))
    assert loaded.built and loaded.get_compile_config() is None
    model = a_small_model()
    model.compile("adam", "mse")
    loaded = load_model(to_bytes(model))
    assert loaded.optimizer.parameters == [] and loaded.fit(X[:, 0, :3, 0], X[:, 0, :2, 0], verbose=0)


def test_loading_draws_no_random_numbers_of_those_to_come():
    content = to_bytes(nn.Sequential([Residual(), nn.Dense(2), nn.Dense(2, kernel_initializer="zeros")]))
    built = to_bytes(nn.Sequential([Residual(), nn.Dense(50)], input_shape=(3,)))
    pydl.seed(4)
    expected = pydl.random.default.uniform((5,))
    pydl.seed(4)
    load_model(content)
    load_model(built)
    np.testing.assert_array_equal(pydl.random.default.uniform((5,)), expected)


# ---- what does not


def refused(source, message):
    with pytest.raises(FileError, match=message) as caught:
        load_model(source)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_written_down_is_refused_and_the_old_file_stays(tmp_path):
    path = tmp_path / "model.npz"
    save_model(a_small_model(), path)
    before = path.read_bytes()
    with pytest.raises(FileError, match="saving 'sequential': cannot describe <function"):
        nn.Sequential([nn.Dense(2, activation=lambda x: x * x)], input_shape=(2,)).save(path)
    assert path.read_bytes() == before


def test_a_class_that_is_not_there_is_named():
    arrays, meta = model_state(nn.Sequential([Scaled()], input_shape=(3,)))
    meta = json.loads(json.dumps(meta).replace("Scaled", "Elsewhere"))
    refused(content_of(arrays, meta), "the data: .*unknown class 'Elsewhere': define or import it first")


def test_arrays_without_a_model_are_named_as_such(tmp_path):
    save_weights(a_small_model(), tmp_path / "weights.npz")
    refused(tmp_path / "weights.npz", "weights.npz: expected a model, received arrays alone; load_weights")


def edited(change):
    """A saved model with something changed in what stands beside the arrays."""
    arrays, meta = model_state(a_trained_model())
    meta = json.loads(json.dumps(meta))
    change(arrays, meta)
    return content_of(arrays, meta)


def layer(meta, number=0):
    return meta["model"]["config"]["layers"][number]["config"]


EDITS = {
    "a newer format": (lambda a, m: m.update(pydl=2), "expected a file of format 1, received 2"),
    "no weights listed": (lambda a, m: m.pop("weights"), "expected a list as 'weights' .*, received no such"),
    "weights that are none": (lambda a, m: m.update(weights=5), "expected a list as 'weights' .*, received 5"),
    "a weight that is not there": (lambda a, m: a.pop("top/kernel"), "expected an entry 'top/kernel'"),
    "a weight too many": (lambda a, m: m["weights"].append("optimizer/iterations"), "unknown: optimizer/iterations"),
    "a weight of another shape": (lambda a, m: a.update({"top/bias": np.zeros(9, np.float32)}), "for top/bias"),
    "a counter for a weight": (lambda a, m: a.update({"top/bias": np.zeros(3, int)}), "expected float32 for top/bias"),
    "optimizer state that is not there": (lambda a, m: a.pop("optimizer/iterations"), "missing: iterations"),
    "optimizer state too much": (lambda a, m: a.update({"optimizer/x": np.zeros(1)}), "unknown: x"),
    "a parameter that is not there": (lambda a, m: m["trained"].append("none"), "'none'"),
    "a model that is a text": (lambda a, m: m.update(model="relu"), "expected a dict as 'model' .*, received 'relu'"),
    "a loss for a model": (lambda a, m: m.update(model=m["compile"]["loss"]), "expected the configuration of a Module"),
    "a layer for a loss": (lambda a, m: m["compile"].update(loss=m["model"]), "expected the configuration of a Loss"),
    "no configuration": (lambda a, m: m["model"].pop("config"), "expected a model"),
    "an unknown argument": (lambda a, m: layer(m).update(colour=1), "Conv2D: unknown in its configuration: colour"),
    "no units": (lambda a, m: layer(m, 7).pop("units"), "Dense: its configuration does not make one"),
    "negative units": (lambda a, m: layer(m, 7).update(units=-1), "expected units as an integer above 0"),
    "an unknown activation": (lambda a, m: layer(m).update(activation="eval"), "unknown activation 'eval'"),
    "a table as activation": (lambda a, m: layer(m).update(activation={"a": 1}), "activation"),
    "other layers": (lambda a, m: m["model"]["config"].update(layers=[]), "at least one layer|missing"),
    "layers that are none": (lambda a, m: m["model"]["config"].update(layers=[1, 2]), "expected a layer"),
    "another input": (lambda a, m: m["model"]["config"].update(input_shape=[7]), "Sequential"),
    "an input of texts": (lambda a, m: m["model"]["config"].update(input_shape=["a"]), "."),
    "no compile configuration": (lambda a, m: m.update(compile={}), "expected how a model is compiled"),
    "a history of texts": (lambda a, m: m.update(history={"loss": ["low"]}), "low"),
    "a history that is a list": (lambda a, m: m.update(history=[1]), "expected a dict as 'history'"),
}


@pytest.mark.parametrize("what", EDITS)
def test_a_model_file_with_a_wrong_entry_is_refused(what):
    change, message = EDITS[what]
    refused(edited(change), message)


@pytest.mark.parametrize(
    "change",
    [
        lambda a, m: layer(m, 7).update(units=10**10),
        lambda a, m: layer(m, 0).update(filters=10**11),
        lambda a, m: layer(m, 5).update(pieces=10**9),
        lambda a, m: m["model"]["config"].update(input_shape=[10**6, 10**6, 1]),
        lambda a, m: (layer(m, 7).update(units=10**10), m["compile"]["loss"]["config"].update(from_logits=m["model"]),
                      m.update(model=model_state(a_model())[1]["model"])),
    ],
)
def test_a_configuration_cannot_ask_for_more_memory_than_its_file_has_weights(change):
    content = edited(change)
    tracemalloc.start()
    refused(content, "expected [0-9]* more numbers at most, received weights of shape")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
    assert init.draw("ones", (2,), None).tolist() == [1, 1], "afterwards draws are draws again"


@pytest.mark.parametrize("format", FORMATS)
def test_hundreds_of_damaged_model_files_are_refused_or_give_the_model(format):
    model = a_small_model()
    content, x = to_bytes(model, format), X[:5, 0, :3, 0]
    expected, random = model.predict(x).tobytes(), np.random.default_rng(2)
    for _ in range(300):
        try:
            loaded = load_model(damaged(content, random))
        except FileError as error:
            assert "\n" not in str(error)
        else:
            assert loaded.predict(x).tobytes() == expected


def assert_refused_or_made(trials, seed):
    """Descriptions with odd entries under a right checksum give a model, or one line; no random numbers are drawn."""
    random, refusals = np.random.default_rng(seed), 0
    optimizer = optim.AdamW(optim.schedules.CosineDecay(0.1, 10), clipnorm=1.0)
    arrays, meta = model_state(a_trained_model(optimizer=optimizer, metrics=("accuracy", "f1_score")))
    before = pydl.random.default.counter.item()
    for _ in range(trials):
        content = content_of(arrays, altered(meta, random))
        try:
            assert isinstance(load_model(content), nn.Module)
        except FileError as error:
            refusals += 1
            assert "\n" not in str(error) and len(str(error)) < 700
    assert trials / 3 < refusals < trials
    assert pydl.random.default.counter.item() == before


def test_hundreds_of_altered_descriptions_are_refused_or_make_a_model():
    assert_refused_or_made(300, seed=1)


@pytest.mark.slow
def test_thousands_of_altered_descriptions_are_refused_or_make_a_model():
    assert_refused_or_made(20_000, seed=2)


# ---- into a model that is there already


def test_a_state_is_restored_whole_or_not_at_all():
    model = a_trained_model()
    arrays, meta = model_state(model)
    later = a_model()
    later.ensure_built(X.shape[1:])
    before = weights_of(later), later.optimizer.state()
    for name in ("optimizer/learning_rate", "optimizer/top/kernel/mean", "top/kernel"):
        with pytest.raises(FileError, match="^checkpoint: "):
            restore_model(later, {key: array for key, array in arrays.items() if key != name}, meta, "checkpoint")
        with pytest.raises(FileError, match="^checkpoint: "):
            restore_model(later, arrays | {name: np.zeros((9, 9), np.float32)}, meta, "checkpoint")
        assert (weights_of(later), later.optimizer.state()) == before and later.history.history == {}
    restore_model(later, arrays, meta, "checkpoint")
    assert weights_of(later) == weights_of(model) and later.history.history == model.history.history
    for name, array in model.optimizer.state().items():
        np.testing.assert_array_equal(later.optimizer.state()[name], array)


def test_more_in_a_checkpoint_does_no_harm(tmp_path):
    model = a_trained_model()
    arrays, meta = model_state(model)
    save_checkpoint(tmp_path / "c.npz", arrays | {"random/key": np.zeros(2, np.uint32)}, meta | {"epoch": 2})
    assert weights_of(load_model(tmp_path / "c.npz")) == weights_of(model)
    assert load_checkpoint(tmp_path / "c.npz")[1]["epoch"] == 2


# ---- weights by name


@pytest.mark.parametrize("format", FORMATS)
def test_weights_go_out_and_in_by_name(tmp_path, format):
    model, other = a_small_model(), a_small_model()
    model.save_weights(tmp_path / f"w{format}")
    assert weights_of(other) != weights_of(model)
    other.load_weights(tmp_path / f"w{format}")
    assert weights_of(other) == weights_of(model)


def test_weights_come_out_of_a_whole_model_too_without_its_optimizer(tmp_path):
    model = a_small_model()
    model.compile("adam", "mse")
    model.fit(X[:, 0, :3, 0], X[:, 0, :2, 0], verbose=0)
    other = a_small_model()
    read = load_weights(other, to_bytes(model))
    assert read == ["hidden/kernel", "hidden/bias", "top/kernel", "top/bias"]
    assert weights_of(other) == weights_of(model)


def test_lower_layers_can_be_reused_by_name():
    first, second = a_small_model(), a_small_model()
    top = second.layers[1].get_weights()
    assert load_weights(second, to_bytes(first), only="hidden/*") == ["hidden/kernel", "hidden/bias"]
    np.testing.assert_array_equal(second.layers[0].kernel.numpy(), first.layers[0].kernel.numpy())
    for found, expected in zip(second.layers[1].get_weights(), top):
        np.testing.assert_array_equal(found, expected)
    assert load_weights(second, to_bytes(first), only=["*/bias"]) == ["hidden/bias", "top/bias"]


def test_what_fits_can_be_taken_and_the_rest_left():
    other = nn.Sequential([nn.Dense(4, name="hidden"), nn.Dense(7, name="top"), nn.Dense(1)], input_shape=(3,))
    assert load_weights(other, to_bytes(a_small_model()), strict=False) == ["hidden/kernel", "hidden/bias"]


def test_plain_arrays_of_numpy_are_weights_as_well(tmp_path):
    model = a_small_model()
    arrays = {path: np.full(weight.shape, 0.5) for path, weight in model.named_weights().items()}
    np.savez(tmp_path / "w.npz", **arrays)
    load_weights(model, tmp_path / "w.npz")
    assert model.layers[0].kernel.dtype == np.float32 and model.layers[0].kernel.numpy().sum() == 6


@pytest.mark.parametrize(
    "make, options, message",
    [
        (lambda: a_small_model(units=5), {}, "expected numbers of shape .3, 5. for hidden/kernel"),
        (lambda: a_small_model(name="other"), {}, "missing: other/kernel, other/bias; unknown: hidden/kernel"),
        (lambda: a_small_model(), {"only": "none/*"}, "its weights are not those of this model"),
        (lambda: a_small_model(name="other"), {"only": "other/*"}, "missing: other/kernel"),
        (lambda: nn.Sequential([nn.Dense(9)], input_shape=(1,)), {"strict": False}, "are not those of this model"),
        (lambda: nn.Sequential([nn.Dense(9)]), {}, "this one is not built; give it an input_shape"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(tmp_path, make, options, message):
    save_weights(a_small_model(), tmp_path / "w.npz")
    model = make()
    before = weights_of(model)
    with pytest.raises(FileError, match=message) as caught:
        load_weights(model, tmp_path / "w.npz", **options)
    assert str(caught.value).startswith(str(tmp_path / "w.npz")) and "\n" not in str(caught.value)
    assert weights_of(model) == before
