"""What tests of Programs in machine code share."""

from pydl.backends import wasm
from pydl.backends.wasm import hosts
from pydl.backends.wasm.assembler import validate


def executables(program):
    """The Program compiled in each variant that this machine has: plain SIMD first."""
    for relaxed in (False, True)[: 1 + hosts.current().relaxed]:
        executable = wasm.compile(program, relaxed=relaxed)
        validate(executable.compiled.module)
        yield executable
        executable.close()
