"""The table of instructions against wasmtime's assembler and its validator, and the numbers' encoding."""

import random

import pytest

from pydl.backends.wasm.assembler import Expr, Module, validate
from pydl.backends.wasm.assembler.opcodes import OPCODES, signed, unsigned

from .reading import accepted, instructions_of, sections, unsigned_at

OPERANDS = {  # what stands after the code, and how it is written as text
    "": (None, ""),
    "memory": (200, "offset=200"),
    "lane": (1, "1"),
    "memory lane": ((300, 1), "offset=300 1"),
    "shuffle": (bytes(range(16, 0, -1)), " ".join(map(str, range(16, 0, -1)))),
}


def written(name):
    """A function that gives an instruction its parameters and returns what it gives: ours, and as text."""
    opcode = OPCODES[name]
    operand, as_text = OPERANDS[opcode.operand]
    result = "".join(opcode.gives)
    module = Module(65536)
    f = module.function("f", {f"x{place}": type_ for place, type_ in enumerate(opcode.takes)}, result)
    f.give(Expr(name, result, tuple(f[parameter] for parameter in f.parameters), operand))
    parameters = "".join(f"(param {type_})" for type_ in opcode.takes)
    operands = " ".join(f"local.get {place}" for place in range(len(opcode.takes)))
    function = f"(func {parameters} {f'(result {result})' if result else ''} {operands} {name} {as_text})"
    return module, f'(module (import "env" "memory" (memory 1)) {function})'


@pytest.mark.parametrize("name", OPCODES)
def test_the_instruction_is_what_its_name_says(name):
    module, text = written(name)
    code = validate(module).encode()
    assert sections(code)[10] == instructions_of(text)


@pytest.mark.parametrize("name", OPCODES)
def test_the_instruction_takes_and_gives_what_the_table_says(name):
    assert accepted(written(name)[0].encode())


@pytest.mark.parametrize("number", [0, 1, 63, 64, 127, 128, 16383, 16384, 2**31, 2**32 - 1, 2**64 - 1])
def test_unsigned_numbers_can_be_read_back(number):
    code = unsigned(number)
    assert unsigned_at(code, 0) == (number, len(code))
    assert len(code) == max(1, -(-number.bit_length() // 7))


@pytest.mark.parametrize(
    "number, code",
    [(0, "00"), (1, "01"), (63, "3f"), (64, "c000"), (-1, "7f"), (-64, "40"), (-65, "bf7f"), (624485, "e58e26"),
     (-123456, "c0bb78"), (2**31 - 1, "ffffffff07"), (-(2**31), "8080808078")],
)  # fmt: skip
def test_signed_numbers_are_encoded_as_published(number, code):
    # 624485 and -123456 are the examples of Wikipedia's article on LEB128
    assert signed(number).hex() == code


@pytest.mark.parametrize("type_, bits", [("i32", 32), ("i64", 64)])
def test_signed_numbers_are_what_wasmtime_writes(type_, bits):
    dice = random.Random(5)
    for _ in range(50):
        number = dice.randrange(-(2 ** (bits - 1)), 2 ** (bits - 1)) >> dice.randrange(bits)
        text = f"(module (func (result {type_}) {type_}.const {number}))"
        assert instructions_of(text).endswith(signed(number) + b"\x0b")
