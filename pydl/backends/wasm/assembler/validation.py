"""The validator: every instruction finds the types that it takes, every block leaves the stack as it found it.

Engines check all of this as well, but say less: here the message names the function, the place and the types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .expression import storage
from .opcodes import OPCODES

if TYPE_CHECKING:
    from .function import Function
    from .module import Module


class InvalidModule(ValueError):
    """Instructions that do not fit together: a defect of whoever wrote them."""


def validate(module: Module) -> Module:
    """The module, if all of its functions are well typed; raises InvalidModule."""
    for function in module.functions.values():
        _Checker(function, module).check()
    return module


class _Checker:
    """Walks over a function with a stack of types; a block hides what lies below it."""

    def __init__(self, function: Function, module: Module) -> None:
        self.function, self.module = function, module
        self.stack: list[str] = []
        self.floors = [0]  # height of the stack where each open block began
        self.over = [False]  # whether the rest of the block cannot be reached
        self.kinds = ["function"]  # of the open blocks
        self.place = 0

    def fail(self, message: str) -> InvalidModule:
        around = [name for name, _ in self.function.body[max(0, self.place - 3) : self.place + 1]]
        return InvalidModule(f"{self.function.name}, instruction {self.place} ({', '.join(around)}): {message}")

    def take(self, *types: str) -> None:
        for expected in reversed(types):
            if len(self.stack) == self.floors[-1]:
                if self.over[-1]:
                    continue
                raise self.fail(f"expected {expected} on the stack, which is empty")
            found = self.stack.pop()
            if found != expected:
                raise self.fail(f"expected {expected} on the stack, found {found}")

    def check(self) -> None:
        for place, (name, operand) in enumerate(self.function.body):
            self.place = place
            self.instruction(name, operand)
        if len(self.floors) != 1:
            raise self.fail("a block is not closed")
        self.take(*[storage(self.function.result)] * bool(self.function.result))
        if self.stack and not self.over[0]:
            raise self.fail(f"{len(self.stack)} values are left on the stack")

    def instruction(self, name: str, operand: Any) -> None:
        if name in OPCODES:
            self.operand(name, OPCODES[name].operand, operand)
            self.take(*OPCODES[name].takes)
            self.stack += OPCODES[name].gives
        elif name in ("local.get", "local.set"):
            if operand not in self.function.locals:
                raise self.fail(f"no local is called {operand!r}")
            type_ = storage(self.function.locals[operand])
            if name == "local.get":
                self.stack.append(type_)
            else:
                self.take(type_)
        elif name.endswith(".const"):
            if name == "v128.const" and len(operand) != 16:
                raise self.fail(f"a vector has 16 bytes, received {len(operand)}")
            self.stack.append(name.split(".")[0])
        elif name == "call":
            if operand not in self.module.functions:
                raise self.fail(f"no function is called {operand!r}")
            called = self.module.functions[operand]
            self.take(*map(storage, called.parameters.values()))
            self.stack += [storage(called.result)] * bool(called.result)
        else:
            self.control(name, operand)

    def operand(self, name: str, kind: str, operand: Any) -> None:
        offset, lane = operand if kind == "memory lane" else (operand, operand)
        if "memory" in kind and not 0 <= offset < 2**32:
            raise self.fail(f"offset {offset} is not between 0 and 2^32")
        if "lane" in kind and not 0 <= lane < _lanes(name):
            raise self.fail(f"there are {_lanes(name)} lanes, received number {lane}")
        if kind == "shuffle" and not (len(operand) == 16 and max(operand) < 32):
            raise self.fail(f"a shuffle picks 16 of 32 bytes, received {tuple(operand)}")

    def control(self, name: str, operand: Any) -> None:
        if name in ("block", "loop", "if"):
            if name == "if":
                self.take("i32")
            self.floors.append(len(self.stack))
            self.over.append(False)
            self.kinds.append(name)
        elif name in ("end", "else"):
            if len(self.floors) == 1:
                raise self.fail("there is no block to close")
            if name == "else" and self.kinds[-1] != "if":
                raise self.fail("an else belongs to an if, and each has one at most")
            if len(self.stack) > self.floors[-1] and not self.over[-1]:
                raise self.fail("the block leaves values on the stack")
            del self.stack[self.floors[-1] :]
            self.over[-1] = False
            self.kinds[-1] = "else"
            if name == "end":
                self.floors.pop()
                self.over.pop()
                self.kinds.pop()
        elif name in ("br", "br_if"):
            if operand >= len(self.floors):
                raise self.fail(f"there are no {operand + 1} blocks to jump out of")
            if name == "br_if":
                self.take("i32")
            else:
                self.unreachable()
        elif name == "return":
            self.take(*[storage(self.function.result)] * bool(self.function.result))
            self.unreachable()
        elif name == "unreachable":
            self.unreachable()
        elif name == "drop":
            if len(self.stack) > self.floors[-1]:
                self.stack.pop()
            elif not self.over[-1]:
                raise self.fail("there is nothing to drop")
        elif name == "select":
            self.take("i32")
            chosen = self.stack[-1] if len(self.stack) > self.floors[-1] else "nothing"
            if chosen not in ("i32", "i64", "f32", "f64"):
                raise self.fail(f"select chooses between numbers, found {chosen}; vectors have v128.bitselect")
            self.take(chosen, chosen)
            self.stack.append(chosen)
        else:
            raise self.fail(f"unknown instruction {name!r}")

    def unreachable(self) -> None:
        del self.stack[self.floors[-1] :]
        self.over[-1] = True


def _lanes(name: str) -> int:
    """Of an instruction on one lane: f32x4.extract_lane has 4, v128.load64_lane 2."""
    shape, what = name.split(".")
    return int(shape.split("x")[1]) if "x" in shape else 128 // int("".join(filter(str.isdigit, what)))
