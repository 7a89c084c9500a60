"""Modules: how they find their parameters and when they are built."""

import numpy as np
import pytest

import pydl
from pydl import Parameter, ShapeError, Tensor, Variable, jit, nn
from pydl.nn.module import is_frozen, is_training, tapping
from pydl.random import Generator


class Branches(nn.Module):
    """Parameters in every place where a Module may keep them."""

    def __init__(self):
        self.scale = Parameter([2.0], name="scale")
        self.first = nn.Dense(2, name="first")
        self.rest = [nn.Dense(2, name="second"), (nn.Dense(2, name="third"),)]

    def call(self, x):
        return self.rest[1][0](self.rest[0](self.first(x))) * self.scale


def test_two_weights_of_one_path_are_refused_when_the_model_is_built():
    inner = nn.Sequential([nn.Dense(2, name="b")], name="a")
    with pytest.raises(ValueError, match="two weights are called a/b/kernel; give one of their layers another name"):
        nn.Sequential([nn.Dense(2, name="a/b"), inner], input_shape=(2,))


def test_parameters_are_found_in_attributes_lists_and_modules_within():
    module = Branches()
    module(np.ones((1, 3)))
    assert [p.name for p in module.parameters()] == [
        "scale", "first/kernel", "first/bias", "second/kernel", "second/bias", "third/kernel", "third/bias",
    ]  # fmt: skip
    assert module.count_parameters() == 1 + 3 * 2 + 2 + 2 * (2 * 2 + 2)


def test_a_parameter_used_in_two_places_is_counted_once():
    shared = nn.Dense(3, name="shared")
    module = nn.Sequential([shared, shared], input_shape=(3,))
    assert [p.name for p in module.parameters()] == ["shared/kernel", "shared/bias"]


def test_a_module_is_built_once():
    layer = nn.Dense(2)
    layer(np.ones((1, 3)))
    kernel = layer.kernel
    layer(np.ones((4, 3)))
    assert layer.kernel is kernel


def test_building_inside_a_trace_draws_the_weights_that_eager_building_draws():
    traced, eager = nn.Dense(2), nn.Dense(2)
    pydl.seed(3)
    jit(lambda x: traced(x))(np.ones((1, 3), np.float32))
    pydl.seed(3)
    eager(np.ones((1, 3)))
    np.testing.assert_array_equal(traced.kernel.numpy(), eager.kernel.numpy())
    np.testing.assert_array_equal(pydl.random.default.bits(3), _after_one_draw(3))


def _after_one_draw(seed):
    generator = Generator(seed)
    generator.uniform((3, 2))  # the kernel; zeros draw nothing
    return generator.bits(3)


def test_a_failed_build_leaves_the_module_unbuilt():
    layer = nn.Dense(2)
    with pytest.raises(pydl.ShapeError):
        layer(np.ones((1, 2, 3)))
    assert not layer.built
    layer(np.ones((1, 3)))
    assert layer.built


def test_arrays_become_tensors():
    assert isinstance(nn.Activation("relu")([[1.0, -1.0]]), Tensor)


def test_a_module_of_ones_own_must_define_call():
    class Nothing(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing must define call\(x\)"):
        Nothing()(np.ones((1, 1)))


# ---- paths, and what training changes


class Block(nn.Module):
    """A Module of Modules that says nothing of how it is built."""

    def __init__(self, units):
        self.units = units
        self.inner = nn.Dense(units, activation="relu")
        self.count = Variable(0.0)

    def call(self, x):
        return self.inner(x) + x


class Tower(nn.Module):
    def __init__(self):
        self.blocks = [Block(3), Block(3)]
        self.head = nn.Dense(1, name="score")

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def built_tower():
    tower = Tower()
    tower.ensure_built((3,))
    return tower


def test_a_module_of_modules_is_built_by_what_its_call_needs_and_knows_its_output_shape():
    tower = built_tower()
    assert tower.count_parameters() == 2 * (12 + 1) + 4
    assert tower.output_shape((3,)) == (1,)


def test_the_path_of_attributes_and_names_is_the_name_of_a_weight():
    tower = built_tower()
    paths = [
        "blocks_0/count", "blocks_0/inner/kernel", "blocks_0/inner/bias",
        "blocks_1/count", "blocks_1/inner/kernel", "blocks_1/inner/bias",
        "score/kernel", "score/bias",
    ]  # fmt: skip
    assert sorted(tower.named_weights()) == sorted(paths)
    assert all(weight.name == path for path, weight in tower.named_weights().items())
    assert [path for path, _ in tower.modules()] == [
        "", "blocks_0", "blocks_0/inner", "blocks_1", "blocks_1/inner", "score",
    ]  # fmt: skip


def test_two_children_of_one_name_have_two_paths():
    class Twins(nn.Module):
        def __init__(self):
            self.a = nn.Dense(2, name="same")
            self.b = nn.Dense(2, name="same")

        def call(self, x):
            return self.b(self.a(x))

    twins = Twins()
    twins.ensure_built((2,))
    assert list(twins.named_weights()) == ["same/kernel", "same/bias", "same_1/kernel", "same_1/bias"]


def test_a_frozen_module_and_plain_state_are_not_trained():
    tower = built_tower()
    tower.blocks[0].trainable = False
    frozen = {weight.name for weight in tower.non_trainable_weights}
    assert frozen == {"blocks_0/inner/kernel", "blocks_0/inner/bias", "blocks_0/count", "blocks_1/count"}
    assert len(tower.trainable_weights) + len(frozen) == len(tower.weights)
    assert len(tower.parameters()) == 6
    tower.trainable = False
    assert tower.trainable_weights == []


def test_a_module_knows_whether_it_or_one_around_it_is_frozen():
    seen = []

    class Asking(nn.Module):
        def call(self, x):
            seen.append(is_frozen())
            return x

    model = nn.Sequential([Asking()], input_shape=(1,))
    seen.clear()
    model(np.ones((1, 1)))
    model.trainable = False
    model(np.ones((1, 1)))
    assert seen == [False, True]
    assert not is_frozen()


def test_penalties_of_what_is_trained_are_summed():
    class Priced(nn.Module):
        def __init__(self, price):
            self.price = price

        def penalties(self):
            return [Tensor(self.price)]

        def call(self, x):
            return x

    model = nn.Sequential([Priced(1.0), Priced(2.0), nn.Sequential([Priced(4.0)])])
    assert model.regularization().item() == 7
    model.layers[1].trainable = False
    assert model.regularization().item() == 5
    assert nn.Dense(3).regularization() is None


# ---- the mode


class Moody(nn.Module):
    """Doubles while a model learns."""

    def call(self, x, training):
        return x * 2 if training else x


def test_the_training_mode_reaches_every_module_and_ends():
    x = np.ones((1, 2))
    model = nn.Sequential([Moody(), nn.Sequential([Moody()])])
    assert model(x).numpy().tolist() == [[1, 1]]
    assert model(x, training=True).numpy().tolist() == [[4, 4]]
    with nn.training_mode():
        assert is_training()
        assert model(x).numpy().tolist() == [[4, 4]]
        assert model(x, training=False).numpy().tolist() == [[1, 1]]
    assert not is_training()


def test_a_compiled_function_has_a_program_for_each_mode():
    moody = Moody()
    compiled = jit(lambda x: moody(x))
    x = np.ones((1, 2), np.float32)
    assert compiled(x).numpy().tolist() == [[1, 1]]
    with nn.training_mode():
        assert compiled(x).numpy().tolist() == [[2, 2]]
    assert compiled(x).numpy().tolist() == [[1, 1]]


# ---- looking inside, weights in and out


def test_the_tap_collects_every_output_with_its_path():
    tower = built_tower()
    with tapping() as outputs:
        y = tower(np.ones((2, 3)))
    assert [path for path, _ in outputs] == ["blocks_0/inner", "blocks_0", "blocks_1/inner", "blocks_1", "score", ""]
    assert outputs[-1][1] is y
    tower(np.ones((2, 3)))
    assert len(outputs) == 6


def test_weights_go_out_and_in_by_order_and_by_path():
    one, other = built_tower(), built_tower()
    x = np.ones((2, 3))
    assert not np.array_equal(one(x).numpy(), other(x).numpy())
    other.set_weights(one.get_weights())
    np.testing.assert_array_equal(one(x).numpy(), other(x).numpy())
    other.set_weights({path: weight.numpy() * 0 for path, weight in other.named_weights().items()})
    assert not other(x).numpy().any()


def test_weights_that_do_not_fit_change_nothing():
    tower = built_tower()
    before = tower.get_weights()
    named = {path: weight.numpy() + 1 for path, weight in tower.named_weights().items()}
    with pytest.raises(ValueError, match="missing: score/bias; unknown: none"):
        tower.set_weights({path: value for path, value in named.items() if path != "score/bias"})
    with pytest.raises(ValueError, match="unknown: other"):
        tower.set_weights({**named, "other": np.ones(1)})
    with pytest.raises(ShapeError, match=r"expected numbers of shape \(3, 1\) for score/kernel, received .*\(1, 3\)"):
        tower.set_weights({**named, "score/kernel": np.ones((1, 3))})
    with pytest.raises(ValueError, match="expected 8 arrays, received 7"):
        tower.set_weights(before[:-1])
    with pytest.raises(ShapeError, match="expected numbers of shape .* received object"):
        tower.set_weights([[[1], [1, 2]], *before[1:]])
    with pytest.raises(TypeError, match="expected a list of arrays, or a dict by path, received None"):
        tower.set_weights(None)
    for old, new in zip(before, tower.get_weights()):
        np.testing.assert_array_equal(old, new)


class Times(nn.Module):
    """A layer as they are written for Keras: what it does not take itself goes on to the base class."""

    def __init__(self, factor, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x, *, training=False):
        return x if training else x * self.factor


def test_a_name_given_to_the_base_class_is_part_of_the_configuration():
    layer = Times.from_config(Times(3, name="tripled").get_config())
    assert (layer.name, layer.factor) == ("tripled", 3)
    assert Times(3).get_config() == {"factor": 3}


class Forgetful(nn.Model):
    def __init__(self):
        self.inner = nn.Dense(2)  # and no super().__init__()

    def call(self, x):
        return self.inner(x)


class WithoutReturn(Forgetful):
    def call(self, x):
        self.inner(x)


def test_a_model_works_though_it_forgot_the_constructor_of_its_base_class():
    x = np.ones((4, 3))
    assert Forgetful().predict(x).shape == (4, 2)
    model = Forgetful()
    model.compile("sgd", "mse")
    assert model.fit(x, x[:, :2], verbose=0) is model.history is not Forgetful().history


def test_a_call_without_a_result_is_named():
    with pytest.raises(TypeError, match="WithoutReturn: expected call to return .* None; add a return"):
        WithoutReturn().predict(np.ones((4, 3)))


def test_training_may_be_taken_by_name_only():
    assert [Times(3)([[1.0]], training=mode).item() for mode in (False, True)] == [3, 1]


def test_a_frozen_module_stays_frozen_in_its_configuration():
    model = nn.Sequential([nn.Dense(3, name="lower"), nn.Dense(1)], input_shape=(2,))
    model.layers[0].trainable = False
    again = nn.Sequential.from_config(model.get_config())
    assert [layer.trainable for layer in again.layers] == [False, True]
    assert "trainable" not in model.layers[1].get_config()
    assert [w.name for w in again.trainable_weights] == ["dense/kernel", "dense/bias"]
