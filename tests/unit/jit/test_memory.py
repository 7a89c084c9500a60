"""The memory plan: walked with a second bookkeeping, in which every stretch of memory remembers which value was last
written there, so that nothing is ever read after it was overwritten; and that memory is in fact used again."""

import numpy as np
import pytest
from hypothesis import given, settings

import pydl
from pydl import Variable, jit, losses, nn, optim
from pydl.jit.memory import ALIGNMENT, plan_memory
from pydl.jit.passes import optimize
from pydl.nn import functional as F
from tests.unit.jit import recipes
from tests.unit.jit.recipes import RECIPES, follow
from tests.unit.support import program_of


def walk(program, plan):
    """Follows a Program through its plan; raises AssertionError where a value is read that is not there any more."""
    block = {}  # byte of the block -> the value that was last written there
    own = {}  # a value with memory of its own (input, constant, state) -> the value that was last written there
    home = {}  # value -> the value in whose memory it lies

    def cells(value):
        return range(plan.offsets[value], plan.offsets[value] + value.spec.nbytes)

    def check(value, reader):
        base = home[value]
        if base in own:
            assert own[base] is base, f"{reader} reads {value}, overwritten by {own[base]}\n{program}"
        elif base in plan.direct:
            state = plan.direct[base]
            assert own[state] is base, f"{reader} reads {value}, overwritten by {own[state]}\n{program}"
        else:
            found = {block.get(cell) for cell in cells(base)}
            assert found <= {base}, f"{reader} reads {value}, overwritten by {found - {base}}\n{program}"

    for value in [*program.inputs, *(v for _, v in program.state), *(v for v, _ in program.constants)]:
        own[value] = home[value] = value
    for instruction in program.instructions:
        result, primitive = instruction.result, instruction.primitive
        for value in instruction.inputs:
            check(value, instruction)
        if result in plan.views:
            assert primitive.view
            home[result] = home[instruction.inputs[0]]
            continue
        home[result] = result
        if result in plan.direct:
            state = plan.direct[result]
            shared = [value for value in instruction.inputs if home[value] is state]
            own[state] = result
        else:
            assert plan.offsets[result] % ALIGNMENT == 0
            assert plan.offsets[result] + result.spec.nbytes <= plan.size
            ours = set(cells(result))
            shared = [v for v in instruction.inputs if home[v] in plan.offsets and ours & set(cells(home[v]))]
            block.update(dict.fromkeys(ours, result))
        for value in shared:  # written while it is read: only element by element, each in its own place
            base = home[value]
            assert primitive.elementwise, f"{instruction} writes over its input {value}\n{program}"
            assert base.spec.nbytes == result.spec.nbytes
            assert result in plan.direct or plan.offsets[base] == plan.offsets[result]
            assert in_order(value, home, program), f"{instruction}: {value} is read in another order\n{program}"
    for value in program.outputs:
        check(value, "return")
    for variable, value in program.updates:
        check(value, f"the update of '{variable.name}'")


def in_order(value, home, program):
    """Whether a value is its memory's elements in their order: nothing but reshapes lie between."""
    made = {instruction.result: instruction for instruction in program.instructions}
    while value is not home[value]:
        if made[value].primitive.name != "reshape":
            return False
        value = made[value].inputs[0]
    return True


def plan_holds(recipe):
    state = recipes.variables()
    raw = program_of(lambda *tensors: follow(recipe, tensors, state), *recipes.inputs(0))
    for program in (raw, optimize(raw)):
        walk(program, plan_memory(program))


@given(RECIPES)
def test_no_value_of_a_random_program_is_overwritten_before_its_last_use(recipe):
    plan_holds(recipe)


@pytest.mark.slow
@settings(max_examples=3000)
@given(RECIPES)
def test_no_value_of_thousands_of_random_programs_is_overwritten_before_its_last_use(recipe):
    plan_holds(recipe)


def training_program():
    model = nn.Sequential([nn.Dense(32, activation="relu"), nn.Dense(32, activation="relu"), nn.Dense(10)])
    loss_of, optimizer = losses.SparseCategoricalCrossentropy(from_logits=True), optim.Adam()
    model.ensure_built((64,))
    optimizer.build(model.parameters())

    @jit
    def step(x, y):
        loss = loss_of(y, model(x))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step.program(np.ones((20, 64), np.float32), np.zeros(20, np.int32))


def test_no_value_of_a_training_step_is_overwritten_before_its_last_use():
    program = training_program()
    walk(program, plan_memory(program))


def test_a_training_step_updates_all_of_its_state_in_place():
    program = training_program()
    plan = plan_memory(program)
    assert {value for _, value in program.updates} == set(plan.direct)


def test_a_training_step_reuses_memory():
    program = training_program()
    plan = plan_memory(program)
    unshared = sum(value.spec.nbytes for value in plan.offsets)
    assert plan.size < unshared / 2


def test_a_chain_of_elementwise_operations_needs_one_place():
    def chain(x):
        for _ in range(20):
            x = (x + 1).tanh()
        return [x]

    program = program_of(chain, np.ones(1000, np.float32))
    plan = plan_memory(program)
    walk(program, plan)
    assert plan.size == 4032, "1000 numbers of 4 bytes, rounded up to whole lines of 64"


def test_a_chain_of_matmuls_needs_two_places():
    def chain(x):
        for _ in range(20):
            x = x @ x
        return [x]

    program = program_of(chain, np.ones((16, 16), np.float32))
    plan = plan_memory(program)
    walk(program, plan)
    assert plan.size == 2 * 16 * 16 * 4


def test_freed_neighbours_are_joined():
    def f(x):
        parts = [x @ x for _ in range(4)]
        total = parts[0] @ parts[1] @ parts[2] @ parts[3]
        return [pydl.concatenate([total, total, total, total]).sum(0).sum(0)]

    program = program_of(f, np.ones((4, 4), np.float32))
    plan = plan_memory(program)
    walk(program, plan)
    assert plan.size <= 7 * 64, "four places for the parts and two for products; the last four joined for the wide one"


def test_the_same_program_has_the_same_plan_every_time():
    def offsets():
        program = training_program()
        plan = plan_memory(program)
        return [plan.offsets.get(instruction.result) for instruction in program.instructions]

    assert offsets() == offsets()


def test_an_update_that_somebody_still_reads_is_not_made_in_place():
    a, b = Variable(np.ones((2, 2)), name="a"), Variable(np.ones((2, 2)), name="b")

    def f():
        new = a * 2
        b.assign(a + b)
        a.assign(new)
        return []

    program = optimize(program_of(f))
    plan = plan_memory(program)
    walk(program, plan)
    by_name = {variable.name: value for variable, value in program.updates}
    assert by_name["a"] not in plan.direct
    assert by_name["b"] in plan.direct


def test_an_update_by_a_matmul_of_itself_is_not_made_in_place():
    a = Variable(np.ones((2, 2)))
    program = program_of(lambda: a.assign(a @ a) or [])
    assert not plan_memory(program).direct


@pytest.mark.parametrize(
    "view",
    [
        lambda y: y.T,
        lambda y: y[:, :1].broadcast_to((4, 4)),
        lambda y: y.reshape(2, 8).T.reshape(4, 4),
        lambda y: y.reshape(1, 4, 4, 1).unfold((2, 2), (2, 2)).reshape(4, 4),
        lambda y: y.reshape(1, 8, 2, 1).unfold((2, 1), (2, 1)).reshape(4, 4),
        lambda y: y,
    ],
    ids=["transposed", "broadcast", "reshaped and transposed", "windows", "windows in order", "as it is"],
)
def test_a_result_takes_over_memory_only_where_it_is_read_in_order(view):
    state = Variable(np.ones((4, 4)))

    def f(x):
        y = x @ x
        state.assign(state + view(state))
        return [view(y).tanh(), view(x @ y) * (y + 1).exp()]

    program = optimize(program_of(f, np.ones((4, 4))))
    walk(program, plan_memory(program))


@pytest.mark.parametrize("name", recipes.WINDOWED)
def test_overlapping_windows_are_read_before_their_memory_is_written(name):
    program = optimize(program_of(lambda x: recipes.windowed_step(name, recipes.image_state(), x), np.ones((4, 4))))
    walk(program, plan_memory(program))


def test_the_windows_of_a_convolution_are_copied_once_and_those_of_a_pool_never():
    def f(x, kernel):
        return [F.max_pool2d(F.conv2d(x, kernel))]

    program = optimize(program_of(f, np.ones((2, 9, 9, 3)), np.ones((2, 2, 3, 4))))
    plan = plan_memory(program)
    walk(program, plan)
    unfolded = [i.result for i in program.instructions if i.primitive.name == "unfold"]
    assert len(unfolded) == 2
    assert set(unfolded) <= plan.views
    copied = [i.result for i in program.instructions if i.primitive.name == "reshape" and i.result not in plan.views]
    assert [value.shape for value in copied] == [(2 * 8 * 8, 2 * 2 * 3)]


def test_the_walk_notices_a_plan_that_is_wrong():
    # the check checked: two values that are alive together, put in one place
    program = program_of(lambda x: [x.exp() + x.tanh()], np.ones(4))
    plan = plan_memory(program)
    first, second = (instruction.result for instruction in program.instructions[:2])
    plan.offsets[second] = plan.offsets[first]
    with pytest.raises(AssertionError, match="overwritten by"):
        walk(program, plan)
