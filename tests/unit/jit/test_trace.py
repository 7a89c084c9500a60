"""State while and after tracing: what a step reads and writes, what it hides, and what it refuses in clear words."""

import threading

import numpy as np
import pytest

import pydl
from pydl import Parameter, Tensor, Variable, jit, losses, nn, no_grad, optim, random
from pydl.autograd import modes
from pydl.tensor import TracedValueError

# ---- state is read when the call begins and written when it ends


def test_the_second_step_sees_what_the_first_assigned():
    count = Variable(0.0)

    @jit
    def step():
        count.assign(count * 2 + 1)
        return count

    assert [step().item() for _ in range(4)] == [1, 3, 7, 15]
    assert count.item() == 15


def test_an_assign_is_seen_by_what_follows_it_in_the_same_call():
    v = Variable(1.0)

    @jit
    def step():
        before = v * 1
        v.assign(v + 10)
        return before, v * 2

    assert [t.item() for t in step()] == [1, 22]
    assert [t.item() for t in step()] == [11, 42]


def test_a_value_assigned_from_outside_acts_without_a_new_trace():
    rate = Variable(0.5)
    traces = []

    @jit
    def step(x):
        traces.append(1)
        return x * rate

    assert step(4.0).item() == 2
    rate.assign(0.25)
    assert step(4.0).item() == 1
    rate.data = 2.0
    assert step(4.0).item() == 8
    assert len(traces) == 1


def test_the_second_steps_random_numbers_differ_from_the_firsts():
    draw = jit(lambda: random.uniform((50,)))
    first, second = draw().numpy(), draw().numpy()
    assert not np.intersect1d(first, second).size


def test_a_step_draws_the_numbers_that_eager_code_would_draw():
    def two_draws():
        return random.uniform((5,)), random.uniform((2, 2))

    pydl.seed(3)
    expected = [t.numpy() for _ in range(2) for t in two_draws()]
    pydl.seed(3)
    compiled = jit(two_draws)
    received = [t.numpy() for _ in range(2) for t in compiled()]
    for ours, reference in zip(received, expected, strict=True):
        np.testing.assert_array_equal(ours, reference)


def test_seed_acts_without_a_new_trace():
    traces = []

    @jit
    def draw():
        traces.append(1)
        return random.uniform((4,))

    pydl.seed(5)
    first = draw().numpy()
    draw()
    pydl.seed(5)
    np.testing.assert_array_equal(draw().numpy(), first)
    pydl.seed(6)
    assert not np.array_equal(draw().numpy(), first)
    assert len(traces) == 1


def test_reading_a_parameter_after_a_step_gives_its_new_value():
    w = Parameter([[1.0, 2.0]])
    readings = [w.numpy(), w.detach(), w.T, w[0], w.reshape(2), w[:], (w * 1)]
    step = jit(lambda: w.assign(w * 10))
    for _ in range(2):
        step()
    assert w.numpy().tolist() == [[100, 200]]
    assert (w + 0).numpy().tolist() == w.data.tolist() == [[100, 200]]
    for reading in readings:
        assert np.array(reading).ravel().tolist() == [1, 2], "a result from before the steps has changed"


def test_results_of_a_step_do_not_change_at_the_next():
    w = Parameter([1.0, 2.0])

    @jit
    def step():
        old = w.detach()
        w.assign(w + 1)
        return old, w, w[0]

    kept = step()
    first = [t.numpy() for t in kept]
    step()
    for now, then in zip(kept, first):
        np.testing.assert_array_equal(now.numpy(), then)


# ---- what a traced function may not ask

QUESTIONS = {
    "numpy": lambda x: x.numpy(),
    "item": lambda x: x.item(),
    "float": float,
    "int": int,
    "bool": bool,
    "if": lambda x: 1 if x > 0 else 0,
    "while": lambda x: [1 for _ in iter(lambda: bool(x < 3), False)],
    "range": lambda x: [x for _ in range(x)],
    "index": lambda x: [1, 2][x],
    "data": lambda x: x.data,
    "asarray": np.asarray,
    "np.sin": np.sin,
    "Tensor": Tensor,
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_value_of_a_traced_tensor_is_not_known(name):
    instead = r"no value while its function is traced.*pydl\.where for a choice.*if and range go by shapes.*return it"
    with pytest.raises(TracedValueError, match=instead):
        jit(QUESTIONS[name])(1.0)


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_value_of_state_is_not_known_while_tracing(name):
    v = Variable(1.0, name="kernel")
    with pytest.raises(TracedValueError, match=r"'kernel'.*is state"):
        # v > 0 is a traced Tensor, not state itself
        jit(lambda: QUESTIONS[name](v) if name not in ("if", "while") else v.item())()


def test_writing_data_of_a_traced_tensor_is_an_error():
    def write(x):
        x.data = np.zeros(())

    with pytest.raises(TracedValueError, match="no value while its function is traced"):
        jit(write)(1.0)


def test_writing_data_of_state_in_a_traced_function_is_an_error():
    v = Variable(1.0, name="kernel")

    def write():
        v.data = np.zeros(())

    with pytest.raises(TracedValueError, match="'kernel'.*is state"):
        jit(write)()
    assert v.item() == 1


def test_shapes_dtypes_and_printing_are_known():
    def look(x):
        assert (x.shape, x.ndim, x.size, len(x), x.dtype) == ((2, 3), 2, 6, 2, np.float64)
        assert repr(x) == "Tensor(traced, shape=(2, 3), dtype=float64)"
        return sum(x).sum()

    assert jit(look)(np.ones((2, 3))).item() == 6


def test_a_traced_tensor_that_leaked_has_no_value():
    leaked = []
    jit(lambda x: leaked.append(x * 2))(1.0)
    with pytest.raises(TracedValueError, match="no value while its function is traced"):
        leaked[0].numpy()
    with pytest.raises(TracedValueError, match="no value while its function is traced"):
        leaked[0] + 1


def test_a_traced_tensor_that_leaked_is_refused_by_the_next_trace():
    leaked = []
    jit(lambda x: leaked.append(x * 2))(1.0)
    with pytest.raises(TracedValueError, match="comes from another traced function, which has ended"):
        jit(lambda x: x + leaked[0])(1.0)


# ---- gradients stay inside


def test_gradients_computed_inside_do_not_leave():
    w = Parameter([2.0])

    @jit
    def step():
        (w * w).sum().backward()
        return w.grad

    assert step().item() == 4
    assert w.grad is None
    assert step().item() == 4


def test_gradients_from_before_come_back_unchanged():
    w = Parameter([2.0])
    (w * 3).sum().backward()

    @jit
    def step():
        w.grad = None
        (w * w).sum().backward()
        return w.grad

    assert step().item() == 4
    assert w.grad.item() == 3


def test_a_gradient_from_before_is_not_added_to():
    w = Parameter([2.0], name="kernel")
    (w * 3).sum().backward()
    with pytest.raises(RuntimeError, match=r"'kernel'.*from before the traced function.*zero_grad"):
        jit(lambda: (w * w).sum().backward())()
    assert w.grad.item() == 3


def test_two_backwards_in_one_function_add_up():
    w = Parameter([2.0])

    @jit
    def step():
        (w * w).sum().backward()
        (w * 3).sum().backward()
        return w.grad

    assert step().item() == 7


def test_assigning_before_backward_is_an_error_in_a_traced_function_too():
    w = Parameter([2.0], name="kernel")

    def step():
        loss = (w * w).sum()
        w.assign(w + 1)
        loss.backward()

    with pytest.raises(RuntimeError, match=r"'kernel'.*was assigned after 'mul'"):
        jit(step)()
    assert w.item() == 2


def test_an_eager_gradient_is_stale_after_a_compiled_step():
    w = Parameter([2.0], name="kernel")
    step = jit(lambda: w.assign(w + 1))
    step()  # traced here: the next call only runs
    loss = (w * w).sum()
    step()
    with pytest.raises(RuntimeError, match="'kernel'.*was assigned after 'mul'"):
        loss.backward()


def test_no_grad_inside_and_around():
    w = Parameter([2.0])

    @jit
    def inside(x):
        with no_grad():
            assert not (w * x).requires_grad
        return (w * x).requires_grad

    assert inside(1.0) is True
    with no_grad():
        assert inside(1.0) is False
    assert inside(2.0) is True


def test_second_derivatives_are_traced():
    x = np.linspace(-1, 1, 5)

    def second(t):
        return pydl.grad(lambda t: pydl.grad(lambda t: (t.tanh() * t).sum())(t).sum())(t)

    np.testing.assert_allclose(jit(second)(x).numpy(), second(x).numpy(), rtol=1e-12)


# ---- and nothing is left behind


def test_an_exception_inside_leaves_no_trace_active():
    w = Parameter([2.0])
    w.grad = Tensor([7.0])

    def fail(x):
        w.grad = None
        modes.grad_enabled = False
        raise ZeroDivisionError("by me")

    f = jit(fail)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="by me"):
            f(1.0)
        assert modes.recorder is None
        assert modes.grad_enabled
        assert w.grad.item() == 7
        assert (Tensor([1.0]) + 1).numpy().tolist() == [2]


def test_an_exception_inside_assigns_nothing():
    v = Variable(1.0)

    def fail():
        v.assign(v + 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        jit(fail)()
    assert v.item() == 1


def test_layers_are_built_on_the_way_through_a_first_trace():
    layer = nn.Dense(2)
    y = jit(lambda x: layer(x))(np.ones((3, 4), np.float32))
    np.testing.assert_allclose(y.numpy(), np.ones((3, 4)) @ layer.kernel.numpy(), rtol=1e-6)


# ---- whole training steps

X = np.random.default_rng(0).standard_normal((6, 5))
LABELS = np.array([0, 1, 2, 0, 1, 2])


def training(dtype, optimizer):
    """A small classifier's training step on state of its own, and that state."""
    rng = np.random.default_rng(1)
    shapes = [(5, 4), (4,), (4, 3), (3,)]
    weights = [Parameter(rng.standard_normal(s).astype(dtype), name=f"w{i}") for i, s in enumerate(shapes)]
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer.build(weights)

    def step(x, y):
        w1, b1, w2, b2 = weights
        loss = loss_of(y, (x @ w1 + b1).tanh() @ w2 + b2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    slots = [slot for each in optimizer._slots for slot in each.values()]
    return step, [*weights, *slots, optimizer.iterations]


@pytest.mark.parametrize("dtype, rtol", [(np.float32, 1e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("make", [lambda: optim.SGD(0.1), lambda: optim.Adam(0.01)], ids=["SGD", "Adam"])
def test_training_steps_compiled_are_what_they_are_eager(make, dtype, rtol):
    eager_step, eager_state = training(dtype, make())
    step, state = training(dtype, make())
    step = jit(step)
    x = X.astype(dtype)
    for _ in range(20):
        expected, received = eager_step(Tensor(x), pydl.tensor.as_input(LABELS)), step(x, LABELS)
        np.testing.assert_allclose(received.item(), expected.item(), rtol=rtol)
    for ours, reference in zip(state, eager_state, strict=True):
        np.testing.assert_allclose(ours.numpy(), reference.numpy(), rtol=10 * rtol, atol=rtol, err_msg=ours.name)
    assert received.dtype == dtype


def test_a_trace_in_one_thread_is_not_seen_in_another():
    seen = []

    def elsewhere():
        seen.append((Tensor([1.0]) + 1).numpy().tolist())

    def f(x):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        return x

    jit(f)(1.0)
    assert seen == [[2]]
