"""The Program as a text that a person can read, and the rules that it keeps, each of them broken once."""

import numpy as np
import pytest

import pydl
from pydl import Parameter, ShapeError, Variable, jit, losses, optim
from pydl.jit import Instruction, Program, ProgramError, Value
from pydl.ops import REGISTRY, Spec

F32 = np.dtype(np.float32)

# ---- the text


def test_a_program_prints_one_line_per_thing():
    total = Variable(np.zeros(3, np.float32), name="total")
    mask = np.array([[1, 0, 1], [0, 1, 0]], np.float32)

    @jit
    def step(x, rows):
        y = (x * mask).sum(axis=0) * 0.5
        total.assign(total + y)
        return total.T, x[1:, ::2], rows.one_hot(4)

    assert str(step.program(np.ones((2, 3), np.float32), np.array([1, 0]))) == (
        "program step(%0: f32[2,3], %1: i32[2])\n"
        "  state %8: f32[3] is 'total'\n"
        "  const %2: f32[2,3] = 6 numbers from 0 to 1\n"
        "  const %5: f32[] = 0.5\n"
        "  const %14: i32[4] = [0, 1, 2, 3]\n"
        "  0 | %3: f32[2,3] = mul(%0, %2)\n"
        "  0 | %4: f32[3] = sum(%3, axes=[0])\n"
        "      %6: f32[3] = broadcast(%5, shape=[3])\n"
        "  1 | %7: f32[3] = mul(%4, %6)\n"
        "  1 | %9: f32[3] = add(%8, %7)\n"
        "      %13: i32[2,1] = reshape(%1, shape=[2, 1])\n"
        "      %15: i32[2,4] = broadcast(%13, shape=[2, 4])\n"
        "      %16: i32[2,4] = broadcast(%14, shape=[2, 4])\n"
        "  2 | %17: bool[2,4] = equal(%15, %16)\n"
        "  2 | %12: f32[2,4] = cast(%17, dtype=float32)\n"
        "      %11: f32[1,2] = slice(%0, start=[1, 0], stop=[2, 3], step=[1, 2])\n"
        "  'total' becomes %9\n"
        "  return %9, %11, %12"
    )


def test_a_whole_training_step_prints_as_one_program():
    kernel = Parameter(np.ones((3, 2), np.float32), name="kernel")
    optimizer = optim.SGD(0.1)
    optimizer.build([kernel])

    @jit
    def step(x, y):
        loss = losses.MeanSquaredError()(y, x @ kernel)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    lines = str(step.program(np.ones((4, 3), np.float32), np.ones((4, 2), np.float32))).splitlines()
    state = [line for line in lines if line.startswith("  state ")]
    assert [line.split(" is ")[1] for line in state] == [
        "'kernel'", "'optimizer/iterations'", "'optimizer/learning_rate'",
    ]  # fmt: skip
    assert sum(" = matmul(" in line for line in lines) == 2, "one forward, one for the kernel, none for the input"
    assert [line.split(" becomes ")[0] for line in lines if " becomes " in line] == [
        "  'kernel'", "  'optimizer/iterations'",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "array, text",
    [
        (np.array([1.5, 2.0]), "[1.5, 2.0]"),
        (np.zeros((0, 3)), "[]"),
        (np.arange(5), "5 numbers from 0 to 4"),
        (np.array([[True, False, True], [True, True, False]]), "6 numbers from 0 to 1"),
        (np.array([1, np.nan, 3, 4, 5]), "5 numbers from nan to nan"),
    ],
    ids=str,
)
def test_constants_print_short_whatever_they_hold(array, text):
    value = Value("%0", Spec(array.shape, array.dtype))
    assert f"= {text}\n" in str(Program("f", constants=[(value, array)]))


# ---- the rules


def value(name, *shape, dtype=F32):
    return Value(name, Spec(shape, np.dtype(dtype)))


def small_program():
    """y = x + c; total becomes y; return y"""
    x, state, constant, y = value("%x", 3), value("%s", 3), value("%c", 3), value("%y", 3)
    variable = Variable(np.zeros(3, np.float32), name="total")
    return Program(
        "small",
        inputs=[x],
        state=[(variable, state)],
        constants=[(constant, np.ones(3, np.float32))],
        instructions=[Instruction(y, REGISTRY["add"], (x, constant), {})],
        updates=[(variable, y)],
        outputs=[y],
    )


def test_a_program_that_keeps_the_rules_is_valid():
    program = small_program()
    assert program.validate() is program


def input_twice(p):
    p.inputs *= 2


def name_twice(p):
    p.inputs.append(value("%x", 2))


def state_twice(p):
    p.state.append((p.state[0][0], value("%s2", 3)))


def state_of_another_shape(p):
    p.state[0] = (p.state[0][0], value("%s", 4))


def state_of_another_dtype(p):
    p.state[0] = (p.state[0][0], value("%s", 3, dtype=np.float64))


def constant_of_another_shape(p):
    p.constants[0] = (p.constants[0][0], np.ones(4, np.float32))


def constant_of_another_dtype(p):
    p.constants[0] = (p.constants[0][0], np.ones(3))


def result_twice(p):
    p.instructions *= 2


def result_over_input(p):
    old = p.instructions[0]
    p.instructions[0] = Instruction(p.inputs[0], old.primitive, old.inputs, {})


def used_before_defined(p):
    late = Instruction(value("%z", 3), REGISTRY["neg"], (value("%nowhere", 3),), {})
    p.instructions.insert(0, late)


def used_out_of_order(p):
    (first,) = p.instructions
    p.instructions.insert(0, Instruction(value("%z", 3), REGISTRY["neg"], (first.result,), {}))


def result_of_another_shape(p):
    old = p.instructions[0]
    p.instructions[0] = Instruction(value("%y", 4), old.primitive, old.inputs, {})


def result_of_another_dtype(p):
    old = p.instructions[0]
    p.instructions[0] = Instruction(value("%y", 3, dtype=np.float64), old.primitive, old.inputs, {})


def inputs_that_do_not_fit(p):
    narrow = value("%n", 2)
    p.inputs.append(narrow)
    p.instructions[0] = Instruction(value("%y", 3), REGISTRY["add"], (p.inputs[0], narrow), {})


def update_of_an_undefined_value(p):
    p.updates[0] = (p.updates[0][0], value("%nowhere", 3))


def update_twice(p):
    p.updates *= 2


def update_of_no_state(p):
    p.updates.append((Variable(np.zeros(3, np.float32), name="stranger"), p.outputs[0]))


def update_of_another_shape(p):
    wide = value("%w", 5)
    p.inputs.append(wide)
    p.updates[0] = (p.updates[0][0], wide)


def fused(p, *numbers):
    """Adds instructions with these numbers of kernels, all of which read the same view."""
    view = value("%v", 3)
    p.instructions.append(Instruction(view, REGISTRY["reshape"], (p.outputs[0],), {"shape": (3,)}))
    for place, number in enumerate(numbers):
        result = value(f"%k{place}", 3)
        p.instructions.append(Instruction(result, REGISTRY["neg"], (view,), {}, kernel=number))


def kernel_in_two_places(p):
    fused(p, 0, 1, 0)


def kernel_interrupted(p):
    fused(p, 0, -1, 0)


def kernel_of_a_view(p):
    p.instructions.append(Instruction(value("%v", 3), REGISTRY["reshape"], (p.outputs[0],), {"shape": (3,)}, kernel=0))


def undefined_output(p):
    p.outputs.append(value("%nowhere", 3))


BROKEN = {
    input_twice: "%x is defined twice",
    name_twice: "%x is defined twice",
    state_twice: "'total' stands twice",
    state_of_another_shape: r"'total' is not f32\[4\]",
    state_of_another_dtype: r"'total' is not f64\[3\]",
    constant_of_another_shape: r"constant %c: f32\[3\] holds float32\[4\]",
    constant_of_another_dtype: r"constant %c: f32\[3\] holds float64\[3\]",
    result_twice: "%y is defined twice",
    result_over_input: "%x is defined twice",
    used_before_defined: "%nowhere is used before it is defined.*neg",
    used_out_of_order: "%y is used before it is defined.*neg",
    result_of_another_shape: r"expected f32\[3\].*%y: f32\[4\] = add",
    result_of_another_dtype: r"expected f32\[3\].*%y: f64\[3\] = add",
    update_of_an_undefined_value: "%nowhere is used before.*update of 'total'",
    update_twice: "'total' is updated twice",
    update_of_no_state: "'stranger' is updated twice, or is not in the state",
    update_of_another_shape: r"'total' cannot become %w: f32\[5\]",
    kernel_in_two_places: "kernel 0 is out of order.*%k2",
    kernel_interrupted: "kernel 0 is out of order.*%k2",
    kernel_of_a_view: "a view is in kernel 0.*%v",
    undefined_output: "%nowhere is used before.*return",
}


@pytest.mark.parametrize("breaking", BROKEN, ids=lambda f: f.__name__)
def test_a_broken_rule_is_named(breaking):
    program = small_program()
    breaking(program)
    with pytest.raises(ProgramError, match=f"small: .*{BROKEN[breaking]}"):
        program.validate()


def test_kernels_are_the_instructions_of_one_number_and_all_others():
    program = small_program()
    fused(program, 0, 0, 2, -1, -1, 5)
    program.validate()
    names = [[instruction.result.name for instruction in kernel] for kernel in program.kernels()]
    assert names == [["%y"], ["%k0", "%k1"], ["%k2"], ["%k3"], ["%k4"], ["%k5"]]


def test_shapes_that_do_not_fit_an_instruction_are_named():
    program = small_program()
    inputs_that_do_not_fit(program)
    with pytest.raises(ShapeError, match=r"add.*f32\[3\].*f32\[2\]"):
        program.validate()


def test_results_are_outputs_and_new_state():
    program = small_program()
    assert list(program.results()) == [program.outputs[0], program.updates[0][1]]


def test_a_traced_program_is_validated():
    program = jit(lambda x: pydl.grad(lambda x: (x @ x.T).tanh().sum())(x)).program(np.ones((2, 3)))
    assert program.validate() is program
