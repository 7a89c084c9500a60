"""Name scopes: in the names of weights, and in what is traced."""

import numpy as np

from pydl import Parameter, Tensor, jit, nn
from pydl.scopes import scoped


def test_scopes_make_paths():
    assert scoped("kernel") == "kernel"
    with nn.name_scope("dnn"), nn.name_scope("hidden1"):
        assert scoped("kernel") == "dnn/hidden1/kernel"
        assert Parameter([1.0], name="kernel").name == "dnn/hidden1/kernel"
        with nn.name_scope(""):
            assert scoped("") == "dnn/hidden1"
    assert scoped("") == ""


def test_a_scope_ends_with_an_error_too():
    try:
        with nn.name_scope("broken"):
            raise KeyError
    except KeyError:
        pass
    assert scoped("x") == "x"


def test_traced_operations_carry_their_scope():
    def f(x):
        with nn.name_scope("twice"):
            y = x * 2
        return y + 1

    program = jit(f).program(np.ones(3, np.float32))
    scopes = {i.primitive.name: i.scope for i in program.instructions if i.primitive.name != "broadcast"}
    assert scopes == {"mul": "twice", "add": ""}
    assert "# twice" in str(program)


def test_a_scope_changes_no_number():
    def f(x):
        with nn.name_scope("here"):
            return x.exp()

    x = Tensor([0.5, 1.0])
    np.testing.assert_array_equal(jit(f, device="numpy")(x).numpy(), x.exp().numpy())
