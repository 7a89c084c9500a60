"""Variables and Parameters: state that changes through `assign` only, and results that do not change with it."""

import numpy as np
import pytest

from pydl import Parameter, ShapeError, Tensor, Variable


def test_a_variable_copies_what_it_is_made_of():
    source = np.array([1.0, 2.0])
    variable = Variable(source)
    source[:] = 9
    assert variable.numpy().tolist() == [1, 2]


def test_assign_keeps_the_array_and_the_dtype():
    w = Parameter(np.zeros(2, np.float32))
    array = w.data
    w.assign(np.array([1.5, 2.5]))
    assert w.data is array
    assert w.dtype == np.float32
    assert array.tolist() == [1.5, 2.5]


def test_assign_takes_tensors_numbers_and_lists():
    v = Variable(0.0)
    for value in (Tensor(2.0), 3, np.float64(4)):
        v.assign(value)
        assert v.item() == float(np.asarray(value))
    count = Variable(0, dtype="uint32")
    count.assign(count + 1)
    assert (count.item(), count.dtype) == (1, np.uint32)


def test_assigning_another_shape_names_both():
    with pytest.raises(ShapeError, match=r"'kernel'.*\(2,\).*\(3,\)"):
        Parameter([1.0, 2.0], name="kernel").assign([1, 2, 3])


def test_setting_data_is_an_assign():
    w = Parameter([1.0], name="w")
    loss = (w * w).sum()
    w.data = [2.0]
    assert w.item() == 2
    with pytest.raises(RuntimeError, match="was assigned after"):
        loss.backward()


def test_a_parameter_requires_a_gradient_and_a_variable_does_not():
    assert Parameter([1.0]).requires_grad
    assert not Variable([1.0]).requires_grad


def test_they_print_their_name_and_shape():
    assert repr(Parameter(np.zeros((2, 3)), name="kernel")) == "Parameter('kernel', shape=(2, 3), dtype=float64)"


TAKEN = {
    "numpy()": lambda w: w.numpy(),
    "detach()": lambda w: w.detach(),
    "T": lambda w: w.T,
    "a row": lambda w: w[0],
    "all of it": lambda w: w[:],
    "reshape": lambda w: w.reshape(-1),
    "reshape to the same shape": lambda w: w.reshape(w.shape),
    "broadcast_to": lambda w: w.broadcast_to((3, 2, 2)),
    "Tensor(w)": Tensor,
    "the sum over no axis": lambda w: w.sum(axis=(), keepdims=True),
    "np.asarray": np.asarray,
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_was_taken_from_a_variable_does_not_change_with_it(name):
    w = Parameter([[1.0, 2.0], [3.0, 4.0]])
    taken = TAKEN[name](w)
    before = np.array(taken)
    w.assign(w * 100)
    np.testing.assert_array_equal(np.array(taken), before)


def test_what_was_taken_from_a_parameter_still_has_its_gradient():
    w = Parameter([[1.0, 2.0], [3.0, 4.0]])
    (w[:] * w.reshape(w.shape) + w.T).sum().backward()
    assert w.grad.numpy().tolist() == [[3, 5], [7, 9]]
