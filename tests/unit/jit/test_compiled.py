"""`jit` itself: when it traces anew, what it takes and gives back, functions within functions, its bounded cache."""

import functools
import sys
import threading
import time
from collections import namedtuple

import numpy as np
import pytest

import pydl
from pydl import DeviceError, Parameter, Tensor, Variable, jit, no_grad
from pydl.jit import compiled


def counted(function):
    """The function compiled, and the list that grows with every trace of it."""
    traces = []

    def wrapper(*args, **kwargs):
        traces.append(1)
        return function(*args, **kwargs)

    return jit(wrapper), traces


def test_equal_shapes_and_dtypes_are_traced_once():
    f, traces = counted(lambda x: x * 2)
    for n in range(5):
        assert f(np.full(3, n)).numpy().tolist() == [2 * n] * 3
    assert len(traces) == 1


@pytest.mark.parametrize("other", [np.ones(4), np.ones((1, 3)), np.ones(3, np.float32), np.ones(3, np.int32)], ids=repr)
def test_another_shape_or_dtype_is_traced_anew(other):
    f, traces = counted(lambda x: x * 2)
    f(np.ones(3))
    y = f(other)
    assert y.shape == other.shape
    assert len(traces) == 2
    f(np.ones(3))
    assert len(traces) == 2


def test_numbers_are_inputs_and_words_and_booleans_are_fixed():
    f, traces = counted(lambda x, how, negate: (x.sum() if how == "sum" else x.max()) * (-1 if negate else 1))
    x = np.array([1.0, 2.0])
    assert f(x, "sum", False).item() == 3
    assert f(x, "max", False).item() == 2
    assert f(x, "max", True).item() == -2
    assert f(x, "sum", False).item() == 3
    assert len(traces) == 3
    scale, traces = counted(lambda x, n: x * n)
    assert [scale(x, n).numpy().tolist() for n in (2, 3.5)] == [[2, 4], [3.5, 7]]
    assert len(traces) == 1


def test_arguments_and_results_may_be_nested():
    def f(pair, *, named):
        a, (b, c) = pair
        return {"sum": a + b, "list": [c, None, "word"], "tuple": (named["z"], 3)}

    compiled_f = jit(f)
    for _ in range(2):
        result = compiled_f((1.0, [np.array([2.0]), 3.0]), named={"z": Tensor(4.0), "a": 5.0})
        assert result["sum"].numpy().tolist() == [3]
        assert (result["list"][0].item(), result["list"][1:]) == (3, [None, "word"])
        assert isinstance(result["tuple"], tuple)
        assert result["tuple"][0].item() == 4


def test_keyword_order_does_not_matter():
    f, traces = counted(lambda a, b: a - b)
    assert f(a=3.0, b=1.0).item() == f(b=1.0, a=3.0).item() == 2
    assert len(traces) == 1


def test_named_tuples_arrive_as_tuples():
    point = namedtuple("Point", "x y")
    assert jit(lambda p: p[0] + p[1])(point(1.0, 2.0)).item() == 3


def test_it_keeps_the_functions_name_and_words():
    @jit
    def step(x):
        """One step."""
        return x

    assert (step.__name__, step.__doc__) == ("step", "One step.")
    assert str(step.program(1.0)).startswith("program step(")


def test_what_cannot_be_an_argument_is_named():
    with pytest.raises(TypeError, match="received object"):
        jit(lambda x: x)(object())
    with pytest.raises(TypeError, match="'kernel'.*is state, not an argument"):
        jit(lambda x: x)(Parameter([1.0], name="kernel"))


def test_an_unknown_device_lists_those_that_exist():
    with pytest.raises(TypeError, match=r"jit: expected a function, received 'wasm'; .* jit\(device=...\)"):
        jit("wasm")
    with pytest.raises(DeviceError, match="unknown device 'tpu'.*'auto', 'numpy'"):
        jit(lambda x: x, device="tpu")
    assert "numpy" in pydl.devices()
    assert jit(device="numpy")(lambda x: x + 1)(1.0).item() == 2


def test_a_function_inside_a_traced_function_becomes_part_of_its_program():
    v = Variable(1.0)
    inner, traces = counted(lambda x: v.assign(v + x) or v * 10)
    outer = jit(lambda x: inner(x) + inner(x))
    assert outer(1.0).item() == 20 + 30
    assert outer(1.0).item() == 40 + 50
    assert v.item() == 5
    assert len(traces) == 2  # both while `outer` was traced


def test_a_recursive_function_is_unrolled():
    @jit
    def power(x, n="3"):
        return x if n == "1" else x * power(x, str(int(n) - 1))

    assert power(2.0).item() == 8


def test_the_number_of_programs_is_bounded():
    f, traces = counted(lambda x: x + 1)
    for n in range(compiled.CACHE_SIZE + 5):
        f(np.ones(n + 1))
    assert len(f._cache) == compiled.CACHE_SIZE
    f(np.ones(compiled.CACHE_SIZE + 5))
    assert len(traces) == compiled.CACHE_SIZE + 5, "the newest should still be there"
    f(np.ones(1))
    assert len(traces) == compiled.CACHE_SIZE + 6, "the oldest should have gone"


def test_a_program_used_again_outlives_older_use():
    f, traces = counted(lambda x: x + 1)
    f(np.ones(1))
    for n in range(2, compiled.CACHE_SIZE + 5):
        f(np.ones(n))
        f(np.ones(1))
    assert len(traces) == compiled.CACHE_SIZE + 4


def at_once(*functions):
    """Runs functions in threads that change places as often as Python can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=function) for function in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)


def test_threads_that_share_a_program_each_get_their_own_result():
    def f(x):
        for _ in range(20):
            x = x * 1 + 1
        return x

    def ask(number):
        x = np.full(3, number, np.float32)
        received = [g(x).numpy() for _ in range(300)]
        wrong.extend(y for y in received if (y != x + 20).any())

    g, wrong = jit(f), []
    at_once(*(functools.partial(ask, number) for number in range(4)))
    assert not wrong


def test_a_program_that_threads_need_at_once_is_traced_once():
    def slow(x):
        time.sleep(0.02)
        return x + 1

    f, traces = counted(slow)
    at_once(*[functools.partial(f, 1.0)] * 4)
    assert len(traces) == 1


def test_a_failed_trace_leaves_no_program_behind():
    broken = [True]

    def f(x):
        if broken:
            raise ZeroDivisionError
        return x

    g = jit(f)
    with pytest.raises(ZeroDivisionError):
        g(1.0)
    broken.clear()
    assert g(1.0).item() == 1


def test_the_program_can_be_looked_at_without_running_it():
    v = Variable(1.0)
    step = jit(lambda: v.assign(v + 1))
    program = step.program()
    assert len(program.updates) == 1
    assert v.item() == 1
    step()
    assert v.item() == 2


def test_a_call_that_must_be_differentiated_is_evaluated_line_by_line():
    f, traces = counted(lambda x, more: (x * x).sum() * more["scale"])
    x = Tensor([3.0], requires_grad=True)
    f(x, {"scale": 2.0}).backward()
    assert x.grad.item() == 12
    assert pydl.grad(lambda x: f(x, {"scale": 2.0}))(Tensor([5.0])).item() == 20
    assert pydl.grad(f)(np.array([5.0]), {"scale": 2.0}).item() == 20
    assert len(f._cache) == 0
    with no_grad():
        assert f(x, {"scale": 2.0}).item() == 18
    assert len(f._cache) == 1


def test_a_variable_is_not_an_argument_even_where_gradients_are_asked_for():
    with pytest.raises(TypeError, match="'w'.*is state, not an argument"):
        jit(lambda x: x)([Parameter([1.0], name="w")])


def test_without_updates_a_function_is_computed_and_no_variable_changes():
    total = Variable(np.float32(1))

    def add(x):
        total.assign(total + x)
        return total * 2

    look = jit(add, updates=False)
    assert [look(np.float32(3)).item() for _ in range(2)] == [8, 8]
    assert total.item() == 1
    assert look.program(np.float32(3)).updates == []
    assert jit(updates=False)(add)(np.float32(3)).item() == 8


def test_what_is_prepared_runs_on_arrays_and_updates_like_a_call():
    total = Variable(np.float32(1))

    @jit
    def add(x, y):
        total.assign(total + x)
        return {"total": total, "rest": [y]}

    run = add.prepared(np.float32(3), np.ones(2))
    version = total._version
    received = run(np.float32(3), np.full(2, 5.0))
    assert [array.tolist() for array in received] == [4, [5, 5]]
    assert total.item() == 4
    assert total._version == version + 1
