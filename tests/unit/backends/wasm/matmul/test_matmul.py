"""Matrix products in machine code, run in wasmtime, against NumPy in float64.

Bound everywhere: |C - A B| <= 3e-7 * sqrt(k + 4) * |A B| in the Frobenius norm: a few roundings of 6e-8, growing as
those of a random walk. Where C ends the memory holds NaN, and must hold it afterwards.
"""

from itertools import product

import numpy as np
import pytest

from pydl.backends.wasm.assembler import Module, load, validate
from pydl.backends.wasm.matmul import Operand, eager, scratch_bytes, write_matmul
from tests.support.wasm import Memory

VARIANTS = pytest.mark.parametrize("relaxed", [False, True], ids=["plain", "relaxed"])
rng = np.random.default_rng(0)


def offsets(digits):
    """Where the elements of an axis lie, in bytes, from its description as mixed radix."""
    lengths = [length for length, _ in digits]
    places = np.unravel_index(np.arange(np.prod(lengths, dtype=int)), lengths)
    return sum(place * stride for place, (_, stride) in zip(places, digits))


def image(batch, height, width, channels, window=3):
    """The windows of a batch of images as a matrix: the digits of its rows and columns."""
    row, pixel = 4 * width * channels, 4 * channels
    rows = ((batch, height * row), (height - window + 1, row), (width - window + 1, pixel))
    return rows, ((window, row), (window, pixel), (channels, 4))


def layout(kind, rows, columns):
    """The digits of a matrix of this size that lies in memory as `kind` says."""
    return {
        "row by row": (((rows, 4 * columns),), ((columns, 4),)),
        "column by column": (((rows, 4),), ((columns, 4 * rows),)),
        "part of a wider one": (((rows, 4 * columns + 20),), ((columns, 4),)),
        "every second column": (((rows, 8 * columns),), ((columns, 8),)),
        "one row again and again": (((rows, 0),), ((columns, 4),)),
        "one column again and again": (((rows, 4),), ((columns, 0),)),
    }[kind]


KINDS = ["row by row", "column by column", "part of a wider one", "every second column", "one row again and again",
         "one column again and again"]  # fmt: skip


class Products:
    """Several products in one module, each with factors, result and scratch memory of its own."""

    def __init__(self, relaxed, tails=False):
        self.module, self.relaxed, self.tails = Module(), relaxed, tails
        self.end, self.placed, self.each = 1024, [], []

    def place(self, array, gap=64):
        address, self.end = self.end, -(-(self.end + array.nbytes + gap) // 64) * 64
        self.placed.append((address, array))
        return address

    def factor(self, digits, count, stride, fill):
        size = (
            int(offsets(digits[0]).max(initial=0) + offsets(digits[1]).max(initial=0) + (count - 1) * stride) // 4 + 1
        )
        content = fill(size).astype(np.float32)
        address = self.place(content)
        at = (offsets(digits[0])[:, None] + offsets(digits[1])) // 4
        matrices = np.stack([content[at + matrix * stride // 4] for matrix in range(count)])
        return Operand(address, *digits), matrices

    def add(self, a, b, count=1, strides=(0, 0), fill=rng.standard_normal):
        """a, b: digits of rows and columns."""
        (a, left), (b, right) = (self.factor(x, count, stride, fill) for x, stride in zip((a, b), strides))
        m, k, n = left.shape[1], left.shape[2], right.shape[2]
        name = f"product{len(self.each)}"
        c = self.place(np.full(count * m * n + 16, np.nan, np.float32))
        scratch = self.place(np.zeros(scratch_bytes(a, b, m, n, k), np.uint8), gap=0)
        guard = self.place(np.full(16, 7, np.uint8))
        tail = self.tail(name, c, n) if self.tails else ""
        batch = (count, *strides, 4 * m * n) if count != 1 else ()
        given = write_matmul(
            self.module, name, a, b, c, m, n, k, scratch=scratch, relaxed=self.relaxed, tail=tail, batch=batch,
            export=True,
        )  # fmt: skip
        assert given == name
        self.each.append((name, c, guard, left, right))
        return self

    def tail(self, name, c, n):
        """Doubles the rows that it is given, so that a row never or twice done shows."""
        f = self.module.function(f"{name}.tail", {"first": "i32", "end": "i32"})
        with f.range("at", f["first"] * (4 * n) + c, f["end"] * (4 * n) + c, 4) as at:
            f.store(load("f32", at) * 2.0, at)
        return f.name

    def run(self, times=1):
        """Pairs (C, [A, B]) for each product."""
        memory = Memory(validate(self.module).encode(), self.end)
        for address, array in self.placed:
            memory.write(address, array)
        found = []
        for name, c, guard, left, right in self.each:
            for _ in range(times):
                memory.call(name)
            shape = (*left.shape[:2], right.shape[2])
            content = memory.read(c, np.float32, int(np.prod(shape)) + 16)
            assert np.isnan(content[-16:]).all(), f"{name} {left.shape} @ {right.shape} writes behind C"
            assert (memory.read(guard, np.uint8, 16) == 7).all(), f"{name} uses more scratch than it said"
            found.append((content[:-16].reshape(shape), left, right))
        return found

    def check(self, times=1, factor=1):
        for c, a, b in self.run(times):
            assert_close(c, a, b, factor)


def assert_close(c, a, b, factor=1):
    expected = factor * (a.astype(np.float64) @ b.astype(np.float64))
    error = np.linalg.norm(c - expected)
    bound = 3e-7 * np.sqrt(a.shape[-1] + 4) * np.linalg.norm(expected) + 1e-30
    assert error <= bound, f"{a.shape} @ {b.shape}: error {error:.3g}, bound {bound:.3g}"


@VARIANTS
def test_every_edge_of_every_size_up_to_twenty(relaxed):
    memory = Memory(eager.code(relaxed), 65536 + eager.SCRATCH)
    numbers = rng.standard_normal(1024).astype(np.float32)
    memory.write(0, numbers)
    for m, n, k in product(range(1, 21), range(1, 21), (1, 2, 3, 4, 5, 7, 8, 11, 20)):
        for turned in (0, 1) if (m + n + k) % 2 else (2, 3):
            a, b = numbers[: m * k], numbers[400 : 400 + k * n]
            a_strides, b_strides = (4, 4 * m) if turned & 1 else (4 * k, 4), (4, 4 * k) if turned & 2 else (4 * n, 4)
            memory.write(8192, np.full(m * (n + 1), np.nan, np.float32))
            memory.call("matmul", m, n, k, 0, *a_strides, 1600, *b_strides, 8192, 4 * n + 4, 65536)
            c = memory.read(8192, np.float32, m * (n + 1)).reshape(m, n + 1)
            assert np.isnan(c[:, n]).all(), f"{m} x {k} @ {k} x {n} writes behind a row of C"
            a = a.reshape(k, m).T if turned & 1 else a.reshape(m, k)
            assert_close(c[:, :n], a, b.reshape(n, k).T if turned & 2 else b.reshape(k, n))


@VARIANTS
def test_compiled_products_of_small_sizes_in_all_layouts(relaxed):
    kinds = product(KINDS, KINDS)
    some = list(kinds) * 10
    products = Products(relaxed)
    for (m, n, k), (first, second) in zip(product((1, 2, 3, 4, 5, 9, 18), repeat=3), some):
        products.add(layout(first, m, k), layout(second, k, n))
    products.check()


@VARIANTS
@pytest.mark.parametrize("kind", KINDS)
def test_layouts_of_factors_that_need_several_blocks(relaxed, kind):
    products = Products(relaxed)
    for m, n, k in [(37, 29, 401), (13, 300, 801)]:
        for other in KINDS[:4]:
            products.add(layout(kind, m, k), layout(other, k, n))
            products.add(layout(other, m, k), layout(kind, k, n))
    products.check()


@VARIANTS
def test_long_and_thin_products(relaxed):
    products = Products(relaxed)
    for m, n, k in [(1, 256, 784), (784, 1, 256), (1, 1, 1000), (2, 37, 500), (3, 10, 4000), (9, 32, 5000),
                    (2000, 3, 9), (100, 10, 256), (7, 2100, 3), (5, 2500, 450)]:  # fmt: skip
        for first, second in product(KINDS[:2], repeat=2):
            products.add(layout(first, m, k), layout(second, k, n))
    products.check()


@VARIANTS
def test_long_sums_of_the_same_product_keep_their_digits(relaxed):
    """Added up one after the other they would round the same way every time: 5e-4 off after a million."""
    products = Products(relaxed)
    for m, n, k in [(1, 1, 1_000_000), (1, 1, 5003), (3, 8, 30_000), (1, 7, 30_000), (9, 9, 30_000)]:
        for first, second in product(KINDS[:2], repeat=2):
            products.add(layout(first, m, k), layout(second, k, n), fill=lambda size: np.full(size, 0.1))
    windows = ((30_000, 4),), ((8, 4),)  # of 30,000 steps in a row of numbers: both axes run along memory
    products.add(layout("row by row", 1, 30_000), windows, fill=lambda size: np.full(size, 0.1))
    for c, a, b in products.run():
        np.testing.assert_allclose(c, a.astype(np.float64) @ b.astype(np.float64), rtol=1e-5)


@VARIANTS
@pytest.mark.parametrize("shape", [(2, 7, 9, 1), (3, 6, 7, 8), (2, 6, 6, 48), (2, 5, 5, 150)])
def test_convolutions_read_their_windows_where_they_are(relaxed, shape):
    rows, columns = image(*shape)
    many, size = (len(offsets(digits)) for digits in (rows, columns))
    products = Products(relaxed)
    products.add((rows, columns), layout("row by row", size, 10))  # forward
    products.add((columns, rows), layout("row by row", many, 10))  # gradient of the kernel
    products.add(layout("row by row", 10, many), (rows, columns))  # the same, turned over
    products.add(layout("column by column", 10, size), (columns, rows))
    products.check()


@VARIANTS
def test_batches_of_products(relaxed):
    products = Products(relaxed)
    for m, n, k in [(3, 4, 5), (20, 17, 30), (1, 12, 40), (12, 1, 40), (5, 1, 3)]:
        a, b = layout("row by row", m, k), layout("column by column", k, n)
        products.add(a, b, count=5, strides=(4 * m * k, 4 * k * n))
        products.add(a, b, count=3, strides=(4 * m * k, 0))
        products.add(a, b, count=3, strides=(0, 4 * k * n))
    products.check()


@VARIANTS
def test_the_tail_meets_every_row_once_when_it_is_final(relaxed):
    products = Products(relaxed, tails=True)
    for m, n, k in [(4, 5, 5), (1, 100, 40), (50, 1, 30), (100, 30, 20), (41, 500, 810), (7, 5, 0)]:
        a, b = layout("row by row", m, k), layout("row by row", k, n)
        products.add(a, b).add(a, b, count=3, strides=(4 * m * k, 4 * k * n))
    products.check(factor=2)


@VARIANTS
def test_a_second_run_writes_anew(relaxed):
    products = Products(relaxed)
    for m, n, k in [(4, 5, 5), (30, 20, 900), (3, 3, 0)]:
        products.add(layout("row by row", m, k), layout("row by row", k, n))
    products.check(times=2)


@VARIANTS
def test_empty_sums_are_zeros_and_empty_results_are_nothing(relaxed):
    products = Products(relaxed)
    for m, n, k in [(5, 7, 0), (0, 7, 5), (5, 0, 3), (0, 0, 0), (1, 1, 0)]:
        products.add(layout("row by row", m, k), layout("row by row", k, n))
    for c, _, _ in products.run():
        assert (c == 0).all()
    memory = Memory(eager.code(relaxed), 65536 + eager.SCRATCH)
    memory.write(4096, np.full(40, np.nan, np.float32))
    for m, n, k in [(5, 7, 0), (0, 7, 5), (5, 0, 3)]:
        memory.call("matmul", m, n, k, 0, 4, 4, 0, 4, 4, 4096, 32, 65536)
    c = memory.read(4096, np.float32, 40).reshape(5, 8)
    assert (c[:, :7] == 0).all() and np.isnan(c[:, 7]).all()


@VARIANTS
def test_not_a_number_and_infinity_go_where_they_go_in_numpy(relaxed):
    def numbers(size):
        content = rng.standard_normal(size)
        for value in (np.nan, np.inf, -np.inf, 0.0):
            content[rng.integers(0, size, 2)] = value
        return content

    products = Products(relaxed)
    for m, n, k in [(4, 5, 5), (7, 3, 9), (50, 43, 31), (23, 9, 450), (1, 30, 200), (101, 10, 64)]:
        for first, second in product(KINDS[:2], repeat=2):
            products.add(layout(first, m, k), layout(second, k, n), fill=numbers)
    for c, a, b in products.run():
        with np.errstate(invalid="ignore"):
            expected = a.astype(np.float64) @ b.astype(np.float64)
        assert np.array_equal(np.isnan(c), np.isnan(expected))
        assert np.array_equal(np.where(np.isinf(c), c, 0), np.where(np.isinf(expected), expected, 0))


def test_plain_code_rounds_after_every_multiplication_and_addition_in_one_order():
    products = Products(relaxed=False)
    for m, n, k in [(4, 5, 5), (17, 33, 9), (50, 20, 400), (31, 12, 1000)]:
        for first, second in product(KINDS[:4], repeat=2):
            products.add(layout(first, m, k), layout(second, k, n))
    for c, a, b in products.run():
        k = a.shape[-1]
        blocks = -(-k // 400)
        deep = -(-k // blocks // 4) * 4 if blocks > 1 else k
        expected = np.float32(0)
        for start in range(0, k, deep):
            total = np.float32(0)
            for step in range(start, min(k, start + deep)):
                total = total + a[..., step, None] * b[..., None, step, :]
            expected = total if start == 0 else expected + total
        assert np.array_equal(c.view(np.int32), expected.view(np.int32)), f"{a.shape} @ {b.shape}"


@VARIANTS
def test_nothing_is_read_behind_the_factors(relaxed):
    memory = Memory(eager.code(relaxed), 4096 + eager.SCRATCH)
    end = memory.nbytes
    for m, n, k in product((1, 3, 6, 7, 9, 13), (1, 7, 8, 9, 17), (1, 2, 3, 4, 5, 30)):
        for turned in range(4):  # a load behind the end of the memory is a trap
            a_strides, b_strides = (4, 4 * m) if turned & 1 else (4 * k, 4), (4, 4 * k) if turned & 2 else (4 * n, 4)
            memory.call("matmul", m, n, k, end - 4 * m * k, *a_strides, end - 4 * k * n, *b_strides, 0, 4 * n, 4096)


def test_sizes_whose_product_overflows_are_not_taken_for_empty():
    memory = Memory(eager.code(True), (1 << 20) + (8 << 20))
    memory.write(0, np.ones(1, np.float32))
    memory.call("matmul", 1024, 2048, 2048, 0, 0, 0, 0, 0, 0, 1 << 20, 8192, 64)
    assert (memory.read(1 << 20, np.float32, 1024 * 2048) == 2048).all()


@VARIANTS
def test_a_module_holds_shared_functions_once(relaxed):
    products = Products(relaxed)
    for _ in range(8):
        products.add(layout("row by row", 100, 256), layout("row by row", 256, 256))
        products.add(layout("column by column", 100, 256), layout("row by row", 256, 256))
    size = len(products.module.encode())
    assert size < 20_000, f"{size} bytes for 16 products"
