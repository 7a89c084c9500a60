"""A module for the tests of hosts: small functions whose answers are known."""

from pydl.backends.wasm.assembler import Module, load, op

PLACE = 1024  # where `double` finds its four numbers


def small_module(nbytes=0):
    """Bytes of a module that adds, doubles four float32 in memory, does nothing, and breaks off in two ways."""
    module = Module(nbytes)
    add = module.function("add", {"a": "i32", "b": "i32"}, result="i32", export=True)
    add.give(add["a"] + add["b"])
    double = module.function("double", {"at": "i32"}, export=True)
    double.store(load("f32x4", double["at"]) * 2.0, double["at"])
    module.function("nothing", export=True)
    module.function("stop", export=True).do(op("unreachable", ""))
    peek = module.function("peek", {"at": "i32"}, result="i32", export=True)
    peek.give(load("i32", peek["at"]))
    half = module.function("half", {"x": "f32"}, result="f32", export=True)
    half.give(half["x"] * 0.5)
    return module.encode()
