"""What tests of compiled Programs share."""

from pydl.backends import wasm
from pydl.backends.wasm import hosts
from pydl.backends.wasm.assembler import validate
from pydl.jit import Instruction, Program, Value
from pydl.ops import REGISTRY, Spec


def executables(program):
    """The Program compiled in each variant that this machine has: plain SIMD first."""
    for relaxed in (False, True)[: 1 + hosts.current().relaxed]:
        executable = wasm.compile(program, relaxed=relaxed)
        validate(executable.compiled.module)
        yield executable
        executable.close()


def program_of(name, arrays, params):
    """A Program with one primitive, for arrays like these."""
    primitive = REGISTRY[name]
    values = [Value(f"%{place}", Spec(array.shape, array.dtype)) for place, array in enumerate(arrays)]
    result = Value("%result", primitive.shape_rule(*(value.spec for value in values), **params))
    return Program(name, values, instructions=[Instruction(result, primitive, tuple(values), params)], outputs=[result])
