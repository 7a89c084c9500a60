"""Runs inside Pyodide: results that a miscompiled NumPy would get wrong, each compared with something that
does not come from the same code."""

import io
import time

import numpy as np

close = np.testing.assert_allclose
random = np.random.default_rng(0)

# The generators give the published streams.
assert abs(random.random() - 0.6369616873214543) < 1e-15
assert abs(np.random.RandomState(0).rand() - 0.5488135039273248) < 1e-15

# Matrix products in all float types, against einsum in complex128.
for dtype, tolerance in (("f4", 2e-4), ("f8", 1e-11), ("c8", 2e-4), ("c16", 1e-11)):
    for rows, inner, columns in ((1, 1, 1), (3, 5, 7), (1, 300, 9), (130, 785, 259)):
        a = random.standard_normal((rows, inner)).astype(dtype)
        b = random.standard_normal((inner, columns)).astype(dtype)
        expected = np.einsum("ij,jk->ik", a.astype("c16"), b.astype("c16"), optimize=False)
        for product in (a @ b, (b.T @ a.T).T, np.asfortranarray(a) @ np.asfortranarray(b)):
            assert product.dtype == dtype
            close(product, expected, rtol=tolerance, atol=tolerance * inner**0.5)

# Linear algebra and Fourier transforms undo themselves.
a, b = random.standard_normal((40, 40)), random.standard_normal(40)
close(a @ np.linalg.solve(a, b), b)
u, s, v = np.linalg.svd(a)
close(u * s @ v, a, atol=1e-12)
close(np.fft.ifft(np.fft.fft(b)), b, atol=1e-14)

# Integer and float loops, against Python's own.
for dtype in ("i1", "u1", "i2", "i4", "u4", "i8", "f4", "f8"):
    x = random.integers(0, 100, 1003).astype(dtype)
    y = x[::-1].copy()
    p, q = x.tolist(), y.tolist()
    assert np.sort(x).tolist() == sorted(p) and x.max() == max(p) and x.argmin() == p.index(min(p))
    assert np.maximum(x, y).tolist() == list(map(max, p, q))
    assert (x > y).tolist() == [i > j for i, j in zip(p, q)]
    assert (x * 1.5).tolist() == [i * 1.5 for i in p] and x.astype("i8").cumsum()[-1] == sum(p)

# Special values, elementary functions, long doubles, strings, files, errors.
x = np.array([1, np.nan, -np.inf, 0] * 9, "f4")
assert np.isnan(np.maximum(x, 0)).sum() == 9 and np.fmax(x, 0).max() == 1
close(np.exp(np.log(np.linspace(0.1, 9, 99, dtype="f4"))), np.linspace(0.1, 9, 99), rtol=1e-5)
close(np.tanh(np.float32(0.5)), 0.46211717, rtol=1e-6)
assert str(np.longdouble(1) / 3).startswith("0.33333333333333333333333333333333")
assert np.strings.upper(np.array(["a", "ßé"], np.dtypes.StringDType())).tolist() == ["A", "SSÉ"]
file = io.BytesIO()
np.savez_compressed(file, x=a)
file.seek(0)
assert (np.load(file)["x"] == a).all()
try:
    np.zeros(2) @ np.zeros(3)
except ValueError:
    pass
else:
    raise AssertionError("a C++ exception or a Python error got lost")

a, b = random.standard_normal((128, 784), "f4"), random.standard_normal((784, 256), "f4")
seconds = []
for _ in range(20):
    begun = time.perf_counter()
    a @ b
    seconds.append(time.perf_counter() - begun)
f"numpy {np.__version__} works; float32 matmul {2 * 128 * 784 * 256 / min(seconds) / 1e9:.1f} GFLOP/s"
