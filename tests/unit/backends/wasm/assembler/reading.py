"""Reads modules apart, and what wasmtime makes of text: for comparing what we have written with somebody else's."""


import wasmtime


def sections(code):
    """The contents of a module's sections by their number."""
    assert code[:8] == b"\0asm\x01\0\0\0"
    found, at = {}, 8
    while at < len(code):
        number = code[at]
        size, at = unsigned_at(code, at + 1)
        found[number] = bytes(code[at : at + size])
        at += size
    return found


def unsigned_at(code, at):
    """A LEB128 number and where it ends."""
    value = shift = 0
    while True:
        value |= (code[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if code[at - 1] < 0x80:
            return value, at


def instructions_of(text):
    """The code section of a module in WebAssembly's text format, by wasmtime's assembler."""
    return sections(bytes(wasmtime.wat2wasm(text)))[10]


def accepted(code):
    """Whether wasmtime takes a module."""
    wasmtime.Module(wasmtime.Engine(), code)
    return True
