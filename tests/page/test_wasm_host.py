"""The worker's host on the desktop, with an engine that plays the browser: memories lent, copies, errors, fallbacks."""

import gc
import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest

from pydl.backends.errors import ExecutionError
from pydl.backends.wasm import hosts
from pydl.backends.wasm.assembler import PAGE
from pydl.ops import linalg
from tests.support.process import ROOT


@pytest.fixture(scope="session")
def wasm_host():
    """worker/wasm_host.py, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("wasm_host", ROOT / "web" / "page" / "worker" / "wasm_host.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class RangeError(Exception):
    message = "could not allocate memory"


class Window:
    def __init__(self, part):
        self.part = part

    def assign(self, content):
        self.part[:] = content

    def assign_to(self, content):
        content[:] = self.part


class Memory:
    def __init__(self, engine, pages):
        self.engine, self.content = engine, bytearray()
        self.grow(pages)

    def grow(self, pages):
        if self.engine.pages + pages > self.engine.room:
            raise RangeError
        self.engine.pages += pages
        self.content = bytearray(self.content + bytes(pages * PAGE))

    def __del__(self):
        self.engine.pages -= len(self.content) // PAGE


class Engine:
    """A browser with room for so many pages, whose modules answer 1, or break off."""

    name = "Engine 1"

    def __init__(self, room=1000, known=True, shown=None):
        self.room, self.known, self.shown = room, known, shown
        self.pages = self.made = 0

    def memory(self, pages):
        self.made += 1
        return Memory(self, pages)

    def window(self, memory, address, nbytes):
        return Window(memoryview(memory.content)[address : address + nbytes])

    def instantiate(self, code, memory):
        if not self.known:
            raise RangeError("invalid opcode")
        return SimpleNamespace(
            probe=Function(lambda: 1, 0),
            stop=Function(self.stop, 0),
            none=Function(lambda a: None, 1),
            matmul=lambda *arguments: None,
        )

    def stop(self):
        raise RangeError("unreachable")

    def pythonMemory(self, sample):
        return self.shown and self.shown(sample)


class Function:
    """What JavaScript makes of an export: it can be called and knows how many parameters it has."""

    def __init__(self, call, parameters):
        self.call, self.length = call, parameters

    def __call__(self, *arguments):
        return self.call(*arguments)


@pytest.fixture
def browser(wasm_host):
    return wasm_host.Browser(Engine())


@pytest.fixture
def unregistered():
    yield
    hosts.register(None)
    linalg.use(None)


# ---- what is registered


def test_an_engine_with_simd_becomes_the_host(wasm_host, unregistered):
    wasm_host.provide(Engine())
    assert (hosts.current().name, hosts.current().relaxed) == ("Engine 1", True)
    assert linalg.matmul.evaluate is np.matmul, "Python's memory is not shown"


def test_an_engine_without_simd_is_left_alone(wasm_host, unregistered):
    before = hosts.current()
    wasm_host.provide(Engine(known=False))
    assert hosts.current() is before and linalg.matmul.evaluate is np.matmul


SHOWN = {
    "elsewhere": lambda sample: SimpleNamespace(memory=None, address=12345),
    "broken": lambda sample: object(),
    "wrong": lambda sample: SimpleNamespace(memory=None, address=sample.ctypes.data),  # and `matmul` does nothing
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_products_stay_with_numpy_where_pythons_memory_is_not_what_it_seems(wasm_host, unregistered, shown):
    wasm_host.provide(Engine(shown=shown))
    assert hosts.current().name == "Engine 1" and linalg.matmul.evaluate is np.matmul


# ---- memories


def test_a_memory_that_comes_back_is_lent_again_as_it_was_left(browser):
    first = browser.instantiate(b"", 3 * PAGE)
    first.write(5, np.arange(4, dtype=np.float32))
    first.close()
    again = browser.instantiate(b"", 2 * PAGE)
    again.read(5, seen := np.empty(4, np.float32))
    np.testing.assert_array_equal(seen, [0, 1, 2, 3])
    assert browser.engine.made == 1 and browser.bytes == 3 * PAGE


def test_a_memory_that_is_too_small_is_grown_and_one_much_too_large_left(browser):
    browser.instantiate(b"", PAGE).close()
    large = browser.instantiate(b"", 500 * PAGE)
    assert (browser.engine.made, large.loan.pages) == (1, 500)
    large.close()
    small = browser.instantiate(b"", PAGE)
    assert (browser.engine.made, small.loan.pages) == (2, 1)


def test_a_thousand_dropped_instances_take_no_more_than_the_spare_memories(browser, wasm_host):
    for number in range(1000):
        instance = browser.instantiate(b"", 4 * PAGE)
        if number % 3 == 0:
            instance.close()
        if number % 3 == 1:
            instance.circle = instance  # only the collector finds this one
    del instance
    gc.collect()
    assert browser.bytes <= wasm_host.SPARE * 4 * PAGE and not browser.pool.lent


def test_when_the_browser_refuses_what_python_has_forgotten_is_collected_first(wasm_host):
    browser = wasm_host.Browser(Engine(room=10))
    forgotten = browser.instantiate(b"", 6 * PAGE)
    forgotten.circle = forgotten
    del forgotten
    kept = browser.instantiate(b"", 8 * PAGE)
    with pytest.raises(ExecutionError, match=r"out of memory: 1 MB more were asked for \(could not allocate memory\)"):
        browser.instantiate(b"", 8 * PAGE)
    with pytest.raises(ExecutionError, match="out of memory"):
        kept.grow(12 * PAGE)
    kept.write(8 * PAGE - 4, np.ones(1, np.float32))


def test_as_many_programs_as_the_browser_has_memories_for_and_no_more(browser, wasm_host):
    kept = [browser.instantiate(b"", PAGE) for _ in range(wasm_host.MOST)]
    with pytest.raises(ExecutionError, match="96 compiled programs are alive"):
        browser.instantiate(b"", PAGE)
    kept.pop()
    kept.append(browser.instantiate(b"", PAGE))


def test_what_waits_for_its_next_use_is_bounded(browser, wasm_host):
    for instance in [browser.instantiate(b"", PAGE) for _ in range(50)]:
        instance.close()
    assert len(browser.pool.free) == wasm_host.SPARE
    browser.engine.room = 10_000
    browser.instantiate(b"", (wasm_host.KEPT + 1) * PAGE).close()
    assert browser.bytes <= wasm_host.SPARE * PAGE


# ---- instances


def test_copies_reach_the_place_and_stop_at_the_end(browser):
    instance = browser.instantiate(b"", PAGE)
    instance.write(PAGE - 16, np.arange(4, dtype=np.float32))
    instance.grow(2 * PAGE)
    instance.grow(PAGE)
    instance.read(PAGE - 16, seen := np.empty((2, 2), np.float32))
    np.testing.assert_array_equal(seen, [[0, 1], [2, 3]])
    instance.write(PAGE - 16, seen + 1)
    instance.read(PAGE - 12, part := np.empty(2, np.float32))
    np.testing.assert_array_equal(part, [2, 3])
    instance.write(2 * PAGE, np.empty(0, np.float32))
    for address in (2 * PAGE - 8, -4):
        with pytest.raises(ValueError, match="expected a place in 131072 bytes"):
            instance.write(address, seen)


def test_the_windows_that_an_instance_keeps_are_bounded(browser, wasm_host):
    instance = browser.instantiate(b"", PAGE)
    for address in range(3 * wasm_host.WINDOWS):
        instance.write(address, np.zeros(1, np.uint8))
    assert len(instance.windows) <= wasm_host.WINDOWS


def test_calls_answer_an_integer_and_traps_an_error(browser):
    instance = browser.instantiate(b"", 0)
    assert (instance.call("probe"), instance.call("none", 7)) == (1, 0)
    with pytest.raises(TypeError, match="none: expected 1 arguments, received 0"):
        instance.call("none")
    with pytest.raises(ExecutionError, match=r"'stop'.*Engine 1.*last finished step"):
        instance.call("stop")


def test_code_that_is_refused_gives_its_memory_back(wasm_host):
    browser = wasm_host.Browser(Engine(known=False))
    with pytest.raises(ExecutionError, match="Engine 1 refuses"):
        browser.instantiate(b"", PAGE)
    assert browser.bytes == PAGE and not browser.pool.lent
