"""Random numbers: one counter-based generator, the same bits on every machine and in every backend.

A `Generator` is a key (from the seed) and a counter, both Variables; each draw enciphers the counter with Threefry
(`pydl.ops.random`) and moves it on by one. Arrays drawn on the CPU (initial weights, shuffles, drawn digits) come from
the methods; `uniform` and `bernoulli` below draw the same bits as Tensors, so that a traced step advances the counter
as part of its state.

Normal numbers go through Wichura's AS241 and a logarithm of our own, both fixed polynomials in + - x / and sqrt:
NumPy's log and cos differ in their last bits between processors, these do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .ops.elementwise import right_shift
from .ops.random import UINT32, random_bits, random_words
from .ops.special import polynomial
from .tensor import Tensor, apply
from .variable import Variable

Size = int | Sequence[int]  # a length or a shape

_FLOAT32 = np.float32
_STEP = _FLOAT32(2.0**-24)  # uniform numbers are the multiples of 2^-24 in [0, 1): all exact in float32


class Generator:
    """Threefry-2x32 with a seed.

    seed: an integer of up to 64 bits. The same seed gives the same numbers everywhere, in the order of the draws.
    """

    def __init__(self, seed: int = 0) -> None:
        self.key = Variable(_key(seed), name="random/key", dtype=UINT32)
        self.counter = Variable(0, name="random/counter", dtype=UINT32)

    def seed(self, seed: int) -> None:
        """Starts again from a seed."""
        self.key.assign(Tensor(_key(seed), dtype=UINT32))
        self.counter.assign(Tensor(0, dtype=UINT32))

    def bits(self, count: int) -> np.ndarray:
        """`count` random uint32."""
        counter = int(self.counter)
        words = random_words(self.key.data, counter, count)
        self.counter.assign(Tensor((counter + 1) % 2**32, dtype=UINT32))
        return words

    def uniform(self, shape: Size = (), low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """float32 numbers of this shape, even over [low, high); where low is not 0, rounding can give high itself."""
        unit = (self.bits(int(np.prod(shape))) >> UINT32.type(8)).astype(_FLOAT32) * _STEP
        return (unit * _FLOAT32(high - low) + _FLOAT32(low)).reshape(shape)

    def normal(self, shape: Size = (), mean: float = 0.0, std: float = 1.0) -> np.ndarray:
        """float32 numbers of this shape, normally distributed around `mean` with deviation `std`."""
        return self._normal(shape, 0.0, 1.0, mean, std)

    def truncated_normal(self, shape: Size = (), mean: float = 0.0, std: float = 1.0) -> np.ndarray:
        """float32 numbers of this shape, normally distributed but cut off two deviations `std` from `mean`."""
        return self._normal(shape, _CDF_MINUS_2, 1 - 2 * _CDF_MINUS_2, mean, std)

    def _normal(self, shape: Size, low: float, width: float, mean: float, std: float) -> np.ndarray:
        # The middle of each of the 2^24 cells, so that neither 0 nor 1 occurs: at most 5.4 deviations.
        middle = ((self.bits(int(np.prod(shape))) >> UINT32.type(8)) + 0.5) * 2.0**-24
        return (normal_quantile(low + width * middle) * std + mean).astype(_FLOAT32).reshape(shape)

    def permutation(self, n: int) -> np.ndarray:
        """The numbers 0..n-1 in random order (int64)."""
        # Equal keys (chance n^2 / 2^65) stay in order: argsort is stable.
        words = self.bits(2 * n).astype(np.uint64)
        return np.argsort(words[:n] << np.uint64(32) | words[n:], kind="stable")

    def integers(self, low: int, high: int, shape: Size = ()) -> np.ndarray:
        """int64 numbers of this shape from low to high - 1, each as likely as the others to 2^-32."""
        if not 0 < high - low <= 2**32:
            raise ValueError(f"integers: expected low < high within 2^32, received {low} and {high}")
        words = self.bits(int(np.prod(shape))).astype(np.uint64)
        return (low + (words * np.uint64(high - low) >> np.uint64(32)).astype(np.int64)).reshape(shape)


def _key(seed: int) -> np.ndarray:
    if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**64:
        raise ValueError(f"seed: expected an integer from 0 to 2^64 - 1, received {seed!r}")
    seed = int(seed)
    return np.array([seed & 0xFFFFFFFF, seed >> 32], UINT32)


# What layers, shuffles and dropout draw from unless they are given another. Threads share it: who draws first, and so
# what each of them gets, is a matter of chance.
default = Generator(0)


def seed(seed: int) -> None:
    """Starts the default generator from a seed: what is drawn after it is the same on every run."""
    default.seed(seed)


def uniform(shape: Sequence[int], generator: Generator | None = None) -> Tensor:
    """A Tensor of float32 numbers of this shape, even over [0, 1), drawn as part of a step.

    generator: the default one unless given; it gives bits(key, counter), and its counter goes on by 1
    """
    generator = generator or default
    bits = apply(random_bits, generator.key, generator.counter, shape=tuple(shape))
    generator.counter.assign(generator.counter + 1)
    return apply(right_shift, bits, by=8).astype(np.float32) * float(_STEP)


def bernoulli(shape: Sequence[int], probability: float, generator: Generator | None = None) -> Tensor:
    """A Tensor of booleans of this shape, each true with a probability; drawn from a generator as `uniform` is."""
    if not 0 <= probability <= 1:
        raise ValueError(f"bernoulli: expected a probability from 0 to 1, received {probability}")
    return uniform(shape, generator) < probability


# ---- the normal distribution


def _log(x: np.ndarray) -> np.ndarray:
    """The natural logarithm in float64 by a fixed series, error below 1e-15 relative to max(1, |log x|)."""
    mantissa, exponent = np.frexp(x)  # x = mantissa * 2^exponent, exactly
    small = mantissa < np.sqrt(0.5)
    mantissa = np.where(small, 2 * mantissa, mantissa)
    exponent = exponent - small
    # log m = 2 artanh(z) with z = (m - 1) / (m + 1), |z| < 0.172: z^25 / 25 is below 1e-20
    z = (mantissa - 1) / (mantissa + 1)
    square = z * z
    series = np.zeros_like(z)
    for k in range(23, 0, -2):
        series = series * square + 1 / k
    logarithm: np.ndarray = exponent * 0.6931471805599453 + 2 * z * series
    return logarithm


# Coefficients of AS241's PPND16, lowest power first: numerator, denominator.
_CENTRE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
)  # fmt: skip
_NEAR = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
_FAR = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def normal_quantile(p: np.ndarray) -> np.ndarray:
    """The number below which a standard normal falls with probability p, 0 < p < 1; float64, error about 1e-16.

    Source: M. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37
    (1988), routine PPND16.
    """
    p = np.asarray(p, np.float64)
    q = p - 0.5
    r = 0.180625 - q * q
    result: np.ndarray = q * polynomial(_CENTRE[0], r) / polynomial(_CENTRE[1], r)
    tail = np.abs(q) > 0.425
    if tail.any():
        r = np.sqrt(-_log(np.minimum(p[tail], 1 - p[tail])))
        near = polynomial(_NEAR[0], r - 1.6) / polynomial(_NEAR[1], r - 1.6)
        far = polynomial(_FAR[0], r - 5.0) / polynomial(_FAR[1], r - 5.0)
        result[tail] = np.where(r <= 5.0, near, far) * np.sign(q[tail])
    return result


_CDF_MINUS_2 = 0.022750131948179195  # probability of a standard normal below -2
