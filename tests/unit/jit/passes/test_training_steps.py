"""Whole training steps of the four networks that are measured: how many loops they become, and which."""

import numpy as np
import pytest

import pydl
from pydl import losses, nn, optim
from tests.unit.jit.passes.rules import check_kernels

ROWS = 6  # a batch; the kernels are those of any other


def dense_network():
    return [nn.Dense(256, activation="relu"), nn.Dense(256, activation="relu"), nn.Dense(10)], (ROWS, 784)


def dropout_network():
    hidden = [[nn.Dense(512, activation="relu"), nn.Dropout(0.3)] for _ in range(4)]
    return [*(layer for pair in hidden for layer in pair), nn.Dense(10)], (ROWS, 784)


def convolutional_network():
    convolution = [
        nn.Conv2D(32, 3, activation="relu"), nn.MaxPooling2D(2),
        nn.Conv2D(64, 3, activation="relu"), nn.MaxPooling2D(2),
    ]  # fmt: skip
    return [*convolution, nn.Flatten(), nn.Dense(10)], (ROWS, 28, 28, 1)


def program_of_classifier(make):
    pydl.seed(1)
    layers, shape = make()
    model = nn.Sequential(layers)
    model.compile(optim.Adam(), losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    x, y = np.zeros(shape, np.float32), np.zeros(ROWS, np.int32)
    model.fit(x, y, batch_size=ROWS, epochs=1, verbose=0)
    return model.compiled("train", "numpy").program(x, y)


def program_of_deep_xor():
    pydl.seed(1)
    model = nn.Sequential([*(nn.Dense(5, activation="sigmoid") for _ in range(10)), nn.Dense(1)])
    model.compile(optim.SGD(0.1), losses.BinaryCrossentropy(from_logits=True))
    x, y = np.zeros((4, 2), np.float32), np.zeros((4, 1), np.float32)
    model.fit(x, y, batch_size=4, epochs=1, verbose=0)
    return model.compiled("train", "numpy").program(x, y)


@pytest.fixture(scope="module")
def programs():
    makers = {"relu-mlp": dense_network, "dropout-mlp": dropout_network, "cnn": convolutional_network}
    made = {name: program_of_classifier(make) for name, make in makers.items()}
    return {**made, "deep-xor": program_of_deep_xor()}


def names(program):
    return [" ".join(i.primitive.name for i in kernel) for kernel in program.kernels()]


COUNTS = {"relu-mlp": 27, "dropout-mlp": 44, "cnn": 37, "deep-xor": 67}  # 2026-11; fewer is better


@pytest.mark.parametrize("name", COUNTS)
def test_a_step_is_no_more_kernels_than_it_was(name, programs):
    check_kernels(programs[name])
    assert len(programs[name].kernels()) <= COUNTS[name], "\n".join(names(programs[name]))


@pytest.mark.parametrize("name, layers", [("relu-mlp", 2), ("cnn", 2)])
def test_bias_and_activation_are_the_tail_of_the_product(name, layers, programs):
    assert names(programs[name]).count("matmul add maximum") == layers


def test_dropout_is_in_the_tail_of_the_product_too(programs):
    forward = [kernel for kernel in names(programs["dropout-mlp"]) if kernel.startswith("matmul add maximum")]
    assert len(forward) == 4
    for kernel in forward:
        assert kernel == "matmul add maximum right_shift cast mul greater mul where greater"


def test_the_slope_of_the_activation_is_the_tail_of_the_gradients_product(programs):
    assert names(programs["relu-mlp"]).count("matmul greater where") == 2
    assert names(programs["dropout-mlp"]).count("matmul where mul where") == 4
    assert names(programs["deep-xor"]).count("matmul sub mul mul") == 10


@pytest.mark.parametrize("name, parameters", [("relu-mlp", 6), ("dropout-mlp", 10), ("cnn", 6)])
def test_adam_is_one_kernel_for_each_parameter(name, parameters, programs):
    program = programs[name]
    kernel_of = {i.result: i.kernel for i in program.instructions}
    values = {variable.name: value for variable, value in program.updates}
    kernels = [kernel_of[value] for name, value in values.items() if not name.startswith(("optimizer", "random"))]
    kernels = kernels[-parameters:]
    last = len(program.kernels())
    assert sorted(kernels) == list(range(last - parameters, last)), "they come last, and are not shared"
    for name, value in values.items():
        if name.endswith(("/mean", "/mean_square")):
            parameter = name.removeprefix("optimizer/").rsplit("/", 1)[0]
            assert kernel_of[value] == kernel_of[values[parameter]], name
    update = "mul mul add mul mul mul add mul sqrt add div sub"
    assert names(program)[-parameters:] == [update] * parameters


def test_gradient_descent_is_one_kernel_for_each_parameter(programs):
    assert names(programs["deep-xor"])[-21:] == ["mul sub"] * 21  # the last bias is one number, among such


def test_softmax_and_cross_entropy_are_a_few_loops(programs):
    kernels = names(programs["relu-mlp"])
    between = kernels[3 : next(i for i, kernel in enumerate(kernels) if kernel.startswith("matmul greater"))]
    assert between == [
        "max", "sub exp sum", "log", "equal cast sub mul mul neg sum sum", "neg sum", "div", "div", "mul add sum",
    ]  # fmt: skip


def test_the_way_back_through_max_pooling_is_three_loops_around_the_fold(programs):
    kernels = names(programs["cnn"])
    second = kernels.index("equal cast sum")
    assert kernels[second : second + 4] == ["equal cast sum", "matmul div", "mul", "fold"]
    first = kernels.index("equal cast sum", second + 1)
    assert kernels[first : first + 4] == ["equal cast sum", "div", "mul", "fold"]


def test_the_step_of_a_network_prints_its_kernels(programs):
    text = str(programs["relu-mlp"])
    assert " 0 | %3: f32[6,256] = matmul(%0, %2)  # dense\n" in text
    assert text.count(" = matmul(") == 8
