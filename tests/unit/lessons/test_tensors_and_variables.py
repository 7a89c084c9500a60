"""Tensors and Variables: every line that is shown, evaluated again by NumPy or by hand."""

import numpy as np
import pytest

from pydl import lessons


@pytest.fixture(scope="module")
def lines(watch):
    """Each line's result, by its table and its text."""
    _, shown = watch("tensors_and_variables", start=1.5, steps=3)
    return {figure.split(":")[1]: dict(tables[-1]["rows"]) for figure, tables in shown.items()}


def numbers(text):
    """What stands in Tensor([...], dtype=...)."""
    return np.array(eval(text, {"Tensor": lambda data, **_: data, "float32": None}))


def test_shapes_are_those_of_numpy(lines):
    shapes = lines["shapes"]
    assert shapes["number.shape, vector.shape, matrix.shape"] == "((), (3,), (2, 3))"
    assert shapes["images.reshape(100, 784).shape"] == "(100, 784)"
    np.testing.assert_array_equal(numbers(shapes["matrix.reshape(3, 2)"]), np.arange(1, 7).reshape(3, 2))


def test_broadcasting_is_that_of_numpy(lines):
    names = {
        "vector": np.array([1.0, 2, 3]),
        "matrix": np.array([[1.0, 2, 3], [4, 5, 6]]),
        "column": np.array([[10.0], [20]]),
    }
    assert len(lines["broadcasting"]) == 8
    for line, result in lines["broadcasting"].items():
        np.testing.assert_array_equal(numbers(result), eval(line, names), err_msg=line)


def test_the_gradient_of_the_sum_of_squares_is_twice_x(lines):
    np.testing.assert_array_equal(numbers(lines["gradients"]["x.grad"]), [2, 4, 6])


def test_a_step_changes_the_variable_and_the_next_goes_on_from_there(lines):
    assert list(lines["variables"].values()) == ["1.5", "3.0", "6.0", "12.0"]


def test_arguments_take_the_place_of_placeholders(lines):
    placeholders = lines["placeholders"]
    assert numbers(placeholders["add(3, 4.5)"]) == 7.5
    np.testing.assert_array_equal(numbers(placeholders["add(vector, vector)"]), [2, 4, 6])
    assert "add(%0, %1)" in placeholders["add.program(3, 4.5)"]


def test_the_result_is_plain_numbers():
    outcome = lessons.run("tensors_and_variables", start=-2, steps=2)
    assert outcome == {"history": {}, "result": {"sum": 21.0, "y": 14.0, "counter": -8.0, "added": 7.5}}
