"""Made-up trouble for tests: a host with little memory, and machine code that traps in the middle of a step."""

import numpy as np

from pydl.backends.wasm import executable, hosts
from pydl.backends.wasm.assembler import const, load, op

COUNTDOWN = 32  # an address behind the status word that nothing else uses: steps until the trap


class Limited:
    """The desktop's engine with so many bytes of memory for all that it runs."""

    def __init__(self, limit):
        self.inner, self.limit, self.instances = hosts.current(), limit, []
        self.name, self.relaxed = self.inner.name, self.inner.relaxed

    @property
    def bytes(self):
        return sum(each.held for each in self.instances)

    def ask(self, nbytes):
        if self.bytes + nbytes > self.limit:
            raise hosts.out_of_memory(nbytes, "the limit of a test")

    def instantiate(self, code, nbytes):
        self.ask(nbytes)
        self.instances.append(made := LimitedInstance(self, self.inner.instantiate(code, nbytes), nbytes))
        return made


class LimitedInstance:
    def __init__(self, host, inner, held):
        self.host, self.inner, self.held = host, inner, held
        self.write, self.read, self.call = inner.write, inner.read, inner.call

    def grow(self, nbytes):
        if nbytes > self.held:
            self.host.ask(nbytes - self.held)
            self.inner.grow(nbytes)
            self.held = nbytes

    def close(self):
        self.inner.close()
        self.held = 0


def trapping(monkeypatch, kernel, step):
    """Programs that change state, compiled from now on, trap in one of their kernels in their step of this number.

    kernel: from 0.0, the first of those that come before the state changes, to 1.0, the last of them
    """
    compile_program, made = executable.compile_program, []

    def compiling(program, relaxed):
        compiled = compile_program(program, relaxed)
        if program.updates:
            functions = compiled.module.functions
            products = [name for name in functions if f"{name}.rows" in functions]
            last = max((int(name.removeprefix("kernel_")) for name in products), default=0)
            f = functions[f"kernel_{int(kernel * last)}"]
            left = f.let("left", load("i32", const("i32", COUNTDOWN)) - 1)
            f.store(left, const("i32", COUNTDOWN))
            with f.when(left.equals(0)):
                f.do(op("unreachable", ""))
            made.append((program.name, f.name, len(functions)))
        return compiled

    construct = executable.Executable.__init__

    def constructing(self, program, *args):
        construct(self, program, *args)
        self.instance.write(COUNTDOWN, np.array([step], np.int32))

    monkeypatch.setattr(executable, "compile_program", compiling)
    monkeypatch.setattr(executable.Executable, "__init__", constructing)
    return made
