"""Dead code: what nobody needs is left out. The other passes leave their litter to this one."""

from __future__ import annotations

from dataclasses import replace

from ..program import Program, Value


def remove_dead_code(program: Program) -> Program:
    """Leaves out instructions, constants and state whose values nobody needs.

    The backward pass leaves a few: a derivative that ends at an input without a gradient, an unused maximum.
    """
    needed: set[Value] = set(program.results())
    instructions = []
    for instruction in reversed(program.instructions):
        if instruction.result in needed:
            instructions.append(instruction)
            needed.update(instruction.inputs)
    instructions.reverse()
    written = {id(variable) for variable, _ in program.updates}
    return replace(
        program,
        instructions=instructions,
        constants=[(value, array) for value, array in program.constants if value in needed],
        state=[(var, value) for var, value in program.state if value in needed or id(var) in written],
    )
