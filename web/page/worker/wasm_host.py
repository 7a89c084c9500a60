"""The browser as a host: runs the modules that `pydl.backends.wasm` compiles, and NumPy's matrix products.

`engine` is what wasm-host.js offers; nothing here imports the browser, so tests bring an engine of their own.
Arrays are copied through windows, which are the browser's typed arrays: 0.8 microseconds for a few numbers, and large
ones as fast as memory is (Chromium 156, 2026-11).
"""

import gc
import weakref

import numpy as np

from pydl.backends.errors import ExecutionError
from pydl.backends.wasm import hosts
from pydl.backends.wasm.assembler import PAGE
from pydl.backends.wasm.hosts import eager
from pydl.backends.wasm.matmul.eager import SCRATCH, code
from pydl.ops import linalg

# A browser gives a process about 120 memories whatever their size, because each reserves 8 GB of addresses (Chromium
# 156, 2026-11), and takes them back when it pleases. So memories are kept and lent, and never more than these.
MOST = 96  # memories at one time; the rest is for workers to come, which share the process
SPARE = 32  # memories that may wait for their next use,
KEPT = 256 * 2**20 // PAGE  # and pages in them
EASY = 128 * 2**20 // PAGE  # pages on loan before Python is asked what it has forgotten; 12 ms each time
WASTE = 8  # a free memory up to so many times larger than needed will do
WINDOWS = 256  # typed arrays that an instance keeps


def provide(engine):
    """Registers the browser as the host, and its kernel for eager matrix products, as far as it can run them."""
    browser = Browser(engine)
    if not hosts.knows_simd(browser):
        return
    browser.relaxed = hosts.fuses(browser)
    hosts.register(browser)
    linalg.use(in_place(engine, browser.relaxed))


def in_place(engine, relaxed):
    """NumPy's float32 product by a module on Python's own memory; None where that cannot be had."""
    try:
        sample = np.zeros(16, np.uint8)
        found = engine.pythonMemory(sample)
        if found is None or found.address != eager.address_of(sample):
            return None
        kernel = eager.EagerMatmul(engine.instantiate(code(relaxed), found.memory).matmul, SCRATCH)
        return kernel if kernel.works() else None
    except Exception:  # whatever it is: products by NumPy are slower, and right
        return None


class Loan:
    """A memory of the browser, with its size."""

    def __init__(self, memory, pages):
        self.memory, self.pages = memory, pages

    def grow(self, pages):
        self.memory.grow(pages - self.pages)
        self.pages = pages


class Pool:
    """Memories to lend. Those that come back are lent again, with what the last borrower left in them."""

    def __init__(self, engine):
        self.engine = engine
        self.lent, self.free = set(), []  # free: smallest first
        self.returned = []  # not looked at yet: an instance may be collected in the middle of any line here
        self.easy = EASY

    def take(self, pages):
        """A memory of at least so many pages."""
        self.settle()
        if len(self.lent) >= MOST or pages + self.pages_lent() > self.easy:
            self.collect()
            self.easy = max(EASY, 2 * (pages + self.pages_lent()))
        if len(self.lent) >= MOST:
            raise ExecutionError(
                f"{MOST} compiled programs are alive, as many as this browser holds. {hosts.KEPT}; "
                "delete models that are no longer used, or go on with device='numpy'"
            )
        try:
            loan = self.found(pages)
        except Exception:  # refused by the browser
            self.collect()
            self.free.clear()
            try:
                loan = Loan(self.engine.memory(pages), pages)
            except Exception as error:
                raise hosts.out_of_memory(pages * PAGE, reason(error)) from None
        self.lent.add(loan)
        return loan

    def pages_lent(self):
        return sum(loan.pages for loan in self.lent)

    def found(self, pages):
        """The free memory that fits best, if none much too large is to be wasted; else a grown or a new one."""
        crowded = len(self.lent) + len(self.free) >= MOST
        fitting = [loan for loan in self.free if pages <= loan.pages and (crowded or loan.pages <= WASTE * pages)]
        smaller = [loan for loan in self.free if loan.pages < pages]
        if not fitting and not smaller:
            return Loan(self.engine.memory(pages), pages)
        loan = fitting[0] if fitting else smaller[-1]
        self.free.remove(loan)
        if loan.pages < pages:
            loan.grow(pages)
        return loan

    def grow(self, loan, pages):
        """Gives a memory on loan more pages."""
        try:
            loan.grow(pages)
        except Exception as error:
            raise hosts.out_of_memory((pages - loan.pages) * PAGE, reason(error)) from None

    def collect(self):
        """Instances in circles that nobody holds give theirs back."""
        gc.collect()
        self.settle()

    def settle(self):
        """Takes in what came back. What is too much to keep, the largest first, is left to the browser."""
        while self.returned:
            loan = self.returned.pop()
            self.lent.discard(loan)
            self.free.append(loan)
        self.free.sort(key=lambda loan: loan.pages)
        while len(self.free) > SPARE or sum(loan.pages for loan in self.free) > KEPT:
            self.free.pop()


class Browser:
    """As in `pydl.backends.wasm.hosts.Host`."""

    def __init__(self, engine):
        self.engine, self.pool = engine, Pool(engine)
        self.name = engine.name
        self.relaxed = False

    @property
    def bytes(self):
        self.pool.settle()
        return PAGE * sum(loan.pages for loan in (*self.pool.lent, *self.pool.free))

    def instantiate(self, code, nbytes):
        loan = self.pool.take(-(-nbytes // PAGE))
        try:
            exports = self.engine.instantiate(code, loan.memory)
        except Exception as error:
            self.pool.returned.append(loan)
            raise hosts.not_a_module(self.name, reason(error)) from None
        return Instance(self, loan, exports)


class Instance:
    """As in `pydl.backends.wasm.hosts.Instance`."""

    def __init__(self, browser, loan, exports):
        self.name, self.engine, self.pool = browser.name, browser.engine, browser.pool
        self.loan, self.exports = loan, exports
        self.functions = {}  # by name: what JavaScript calls, and how many parameters it has
        self.windows = {}  # by address and size
        self.back = weakref.finalize(self, self.pool.returned.append, loan)
        self.back.atexit = False

    def window(self, address, nbytes):
        """The browser's array of these bytes."""
        found = self.windows.get((address, nbytes))
        if found is None:
            if address < 0 or address + nbytes > self.loan.pages * PAGE:
                raise ValueError(
                    f"expected a place in {self.loan.pages * PAGE} bytes of memory, "
                    f"received {nbytes} bytes at {address}"
                )
            if len(self.windows) == WINDOWS:
                self.windows.clear()
            found = self.windows[address, nbytes] = self.engine.window(self.loan.memory, address, nbytes)
        return found

    def write(self, address, array):
        if array.nbytes:
            self.window(address, array.nbytes).assign(array.data.cast("B"))

    def read(self, address, array):
        if array.nbytes:
            self.window(address, array.nbytes).assign_to(array.data.cast("B"))

    def grow(self, nbytes):
        pages = -(-nbytes // PAGE)
        if pages > self.loan.pages:
            self.pool.grow(self.loan, pages)
            self.windows.clear()  # they look at the memory as it was

    def call(self, name, *arguments):
        function, parameters = self.functions.get(name) or self.found(name)
        if len(arguments) != parameters:
            raise TypeError(f"{name}: expected {parameters} arguments, received {len(arguments)}")
        try:
            return function(*arguments) or 0
        except Exception as error:
            raise hosts.broken_off(self.name, name, reason(error)) from None

    def found(self, name):
        function = getattr(self.exports, name)
        self.functions[name] = function, function.length
        return self.functions[name]

    def close(self):
        self.windows.clear()
        self.functions.clear()
        self.exports = self.loan = None
        self.back()
        self.pool.settle()


def reason(error):
    """An error of the browser in its own words."""
    return getattr(error, "message", None) or str(error)
