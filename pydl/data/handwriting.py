"""Digits drawn from our own pen strokes: a data set that needs no download, and the seed is all there is to it.

The shapes are in `strokes.py`; here a hand is lent to them (a mixture of forms, wobble, elastic distortion, aspect,
slant, turn, pen), and `rendering.py` puts down the ink.
"""

from __future__ import annotations

import numpy as np

from ..random import Generator
from .errors import DataError
from .labels import Part
from .rendering import SIDE, centre, fit_to_box, follow, ink, sample_table
from .strokes import FAMILIES, Family

# In heights of the digit. Slant, pen and softness are what MNIST's own images show on average (5% to 95% of their lines
# are 1.5 to 3.7 pixels wide); the others were found by trials: more variety here lets a network read more real digits,
# fewer drawn ones.
WOBBLE = 0.022  # standard deviation of each point of the pen; half of it is passed on to the neighbours
ELASTIC = (0.25, 0.38)  # across, down: how far the knots of a 4 x 4 net that bends the whole digit move at most
ASPECT = 0.1  # standard deviation of the width's factor
SLANT = (0.1, 0.25)  # mean and standard deviation
TURN = 0.06  # standard deviation of the tangent of half the angle
PEN = (1.2, 0.32, 0.13)  # radius in pixels: a + b z + c max(z, 0)^2 with z normal, for there are some very broad pens
PRESSURE = 0.1  # standard deviation of the radius' factors at the start and at the end of the way
SOFTNESS = (0.8, 1.3)  # pixels from full ink to none

CHUNK = 128  # digits drawn at once: their arrays stay in a processor's second-level cache; also part of the recipe

# Exchanged bits of the seed ("draw" in ASCII): the digits' numbers are not those of the weights from the same seed,
# and the training digits' are not those of the test digits.
TRAIN_STREAM, TEST_STREAM = 0x64726177_00000000, 0x64726177_80000000


def drawn_digits(n_train: int = 10000, n_test: int = 2000, seed: int = 0) -> tuple[Part, Part]:
    """Handwritten-looking digits in MNIST's form: `(x_train, y_train), (x_test, y_test)`.

    Images are uint8 (n, 28, 28), ink 255 on 0, in a 20 x 20 box around the centre of mass; labels are uint8 (n,), as
    many of every digit as n allows, in random order. Training and test digits come from different random numbers.

    n_train, n_test: how many of each, below 10^7
    seed:            an integer of up to 64 bits; the digits are all there is to it

    The same arguments give the same bytes wherever NumPy rounds float32 as IEEE 754 says: no logarithm, cosine or
    matrix product of a library is involved. A test holds their hash; Linux and Pyodide agree on it. 10,000 digits take
    0.3 s on one core of the machine they were made on, 3 s in Pyodide there.

    No pixel of MNIST is in them, yet networks that have seen nothing else read MNIST. Of its 10,000 test images, a
    ReLU MLP 784-256-256-10 (He, Adam 0.001, batch 100, here in pydl) reads 91.1 to 92.7% after 10 epochs on the
    default 10,000 digits, 89.2 to 91.4% after 3 (five seeds); on 60,000 digits 94.3% after 5. A small CNN (3 x 3
    convolutions of 16 and 32 channels, each with 2 x 2 pooling, and a layer of 128; the same training, in PyTorch)
    reads 95.3 to 96.0% after 10 epochs, 92.8 to 95.5% after 5; on 60,000 digits 97.5% after 5. Only MNIST's training
    images were looked at while the shapes were made.
    """
    n_train, n_test, seed = _checked("n_train", n_train), _checked("n_test", n_test), _checked("seed", seed, 2**64)
    return _draw(Generator(seed ^ TRAIN_STREAM), n_train), _draw(Generator(seed ^ TEST_STREAM), n_test)


def _checked(name: str, value: int, limit: int = 10**7) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not 0 <= value < limit:
        raise DataError(f"drawn_digits: expected {name} from 0 to {limit - 1}, received {value!r}")
    return int(value)


def _draw(random: Generator, count: int) -> Part:
    labels = (np.arange(count) % 10).astype(np.uint8)[random.permutation(count)]
    images = np.empty((count, SIDE, SIDE), np.uint8)
    for digit, families in FAMILIES.items():
        places = np.flatnonzero(labels == digit)
        taken, share = 0, 0.0
        for family in families:
            share += family.share
            end = round(len(places) * share)
            images[places[taken:end]] = _draw_family(random, family, end - taken)
            taken = end
    return images, labels


def _draw_family(random: Generator, family: Family, count: int) -> np.ndarray:
    forms = family.control_points()
    table = sample_table(family.runs(), forms)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    for start in range(0, count, CHUNK):
        n = min(CHUNK, count - start)
        path = _hand(random, follow(_wobble(random, _mix(random, forms, n)), *table))
        images[start : start + n] = _pen(random, path)
    return images


def _mix(random: Generator, forms: np.ndarray, n: int) -> np.ndarray:
    """Control points (2, points, n) between the forms: mostly near one of them."""
    share = random.uniform((len(forms), n))
    share = share * share * share
    share = share * share
    share = share * share + np.float32(1e-6)  # u^12: of five forms the nearest has 0.8 on average
    total, control = np.zeros_like(share[0]), np.zeros((2, forms.shape[1], n), np.float32)
    for form, part in zip(forms, share):  # sums in this order, whatever the processor's own would be
        total = total + part
        control = control + form.T[:, :, None] * part
    mixed: np.ndarray = control / total
    return mixed


def _wobble(random: Generator, control: np.ndarray) -> np.ndarray:
    noise = random.normal(control.shape, 0, WOBBLE)
    control += noise
    control[:, 1:-1] += (noise[:, :-2] + noise[:, 2:]) / 2
    return control


def _hand(random: Generator, path: np.ndarray) -> np.ndarray:
    """The way (2, samples, n) bent, widened, slanted and turned, each digit by its own numbers."""
    n = path.shape[2]
    x, y = path
    net = random.uniform((4, 4, 2, 1, n), -1, 1) * np.array(ELASTIC, np.float32)[:, None, None]
    columns, rows = _bernstein(x), _bernstein(y)
    for i in range(4):
        for j in range(4):
            path = path + columns[i] * rows[j] * net[i, j]
    x, y = path
    x = x * (1 + random.normal(n, 0, ASPECT)) + (np.float32(0.5) - y) * random.normal(n, *SLANT)
    tangent = random.normal(n, 0, TURN)
    square = tangent * tangent
    cosine, sine = (1 - square) / (1 + square), 2 * tangent / (1 + square)
    return np.stack([x * cosine - y * sine, x * sine + y * cosine])


def _bernstein(t: np.ndarray) -> list[np.ndarray]:
    s = 1 - t
    return [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t]


def _pen(random: Generator, path: np.ndarray) -> np.ndarray:
    """Images (n, 28, 28) of the way drawn with a pen for each digit."""
    _, samples, n = path.shape
    z = random.normal(n).clip(-1.8, 3)  # radii from 0.6 to 3.3 pixels
    broad = np.maximum(z, 0)
    radius = PEN[0] + PEN[1] * z + PEN[2] * broad * broad
    start, end = random.normal((2, n), 1, PRESSURE).clip(0.7, 1.3)
    along = np.linspace(0, 1, samples, dtype=np.float32)[:, None]
    pressure = start * (1 - along) + end * along
    softness = random.uniform(n, *SOFTNESS)
    return centre(ink(fit_to_box(path, radius), radius, softness, pressure))
