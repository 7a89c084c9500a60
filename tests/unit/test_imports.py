"""Imports run downward only, and the package needs nothing but NumPy and the standard library.

The floors from the bottom up: primitives, Tensors, state, tracing and backends, random numbers, layers and their
company, losses and optimizers, metrics, files of weights and models, training, models, estimators, lessons, the bench,
the command line. A module may import modules of floors below its own, and of its own: when it is loaded, and inside
its functions.
"""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pydl

FLOORS = [
    {"ops", "registry", "configurable", "indexing", "files"},
    {"autograd", "rules", "scopes"},
    {"tensor"},
    {"variable", "functions"},
    {"jit", "backends"},
    {"random"},
    {"init", "data", "callbacks", "nn.arguments", "nn.functional", "nn.module", "nn.layers", "nn.regularizers"},
    {"losses", "optim"},
    {"metrics", "graph"},
    {"io.arrays", "io.checkpoint", "io.content", "io.errors", "io.model", "io.npz", "io.safetensors", "io.zip"},
    {"train", "probes"},
    {"nn.model", "nn.sequential"},
    {"io.onnx"},
    {"estimators"},
    {"lessons"},
    {"bench"},
    {"cli"},
]
PACKAGE = Path(pydl.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path not in (PACKAGE / "__init__.py", PACKAGE / "__main__.py")
}
# Folders that gather several floors under one name, for those who import the whole; what is taken from one stands on
# the floor of the module that defines it.
GATHERING = {"nn", "io"}
FOREIGN = {"js", "pyodide", "pyodide_js", "wgpu", "wasmtime"}


def imported(path):
    """(the names of what a file imports, whether this happens when the file is loaded)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ["pydl", *path.relative_to(PACKAGE).parent.parts]
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{source}.{alias.name}".removeprefix("pydl.")
                if inner not in MODULES and source.removeprefix("pydl.") in GATHERING:
                    inner = getattr(importlib.import_module(source), alias.name).__module__.removeprefix("pydl.")
                known = inner in MODULES or inner == "__version__"
                yield (f"pydl.{inner}" if known else source), id(node) in top


def floor(module):
    for number, names in enumerate(FLOORS):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return number
    raise AssertionError(f"pydl.{module} stands on no floor: give it one in FLOORS")


@pytest.mark.parametrize("module", [name for name in MODULES if name not in GATHERING])
def test_a_module_imports_from_its_own_floor_or_below(module):
    for name, _ in imported(MODULES[module]):
        assert name != "pydl" or module.startswith(("lessons.", "cli.")), f"pydl.{module} imports the whole of pydl"
        below = name.removeprefix("pydl.")
        if name.startswith("pydl.") and below not in GATHERING and below != "__version__":
            assert floor(below) <= floor(module), f"pydl.{module} imports {name}, which stands above it"


def test_the_primitives_know_nothing_of_the_rest():
    for module, path in MODULES.items():
        if module.split(".")[0] == "ops":
            foreign = [name for name, _ in imported(path) if name.startswith("pydl") and "pydl.ops" not in name]
            assert not foreign, f"pydl.{module} imports {foreign}"


def test_nobody_imports_the_command_line_or_the_lessons_but_the_command_line():
    for module, path in MODULES.items():
        if module.split(".")[0] not in ("cli", "lessons"):
            above = [name for name, _ in imported(path) if name.startswith(("pydl.cli", "pydl.lessons"))]
            assert not above, f"pydl.{module} imports {above}"


def test_only_numpy_and_the_standard_library_are_imported():
    known = set(sys.stdlib_module_names) | {"numpy", "pydl"}
    for path in (*MODULES.values(), PACKAGE / "__init__.py", PACKAGE / "__main__.py"):
        foreign = {name.split(".")[0] for name, on_load in imported(path) if on_load} - known
        assert not foreign, f"{path.name} imports {foreign}"


def test_importing_pydl_brings_in_no_host():
    code = f"import sys, pydl; print(sorted({FOREIGN!r} & set(sys.modules)), 'pydl.cli' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "[] False\n", "")


def processor_time(statement, folder):
    """Milliseconds of processor time that a fresh process has taken when the statement is done."""
    code = f"{statement}; import time; print(time.process_time())"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONPYCACHEPREFIX": str(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code]
    return 1000 * float(subprocess.run(command, capture_output=True, check=True, env=environment).stdout)


def test_importing_pydl_costs_at_most_a_tenth_of_a_second_beyond_numpy(tmp_path):
    # 12 ms where this was written (2026-11). Other work on the machine can only add to processor time, so the smallest
    # of several is the nearest to what it costs; they take turns, so that a slow minute slows both.
    statements = ("import numpy", "import numpy, pydl")
    turns = [[processor_time(statement, tmp_path) for statement in statements] for _ in range(6)]
    without, beyond = np.min(turns[1:], axis=0)  # the first turn has written the bytecode
    assert beyond - without <= 100, f"{beyond - without:.0f} ms; python -X importtime -c 'import pydl' shows of what"


def test_everything_that_the_package_names_is_there():
    for name in pydl.__all__:
        assert getattr(pydl, name) is not None
    assert pydl.__version__.count(".") == 2
