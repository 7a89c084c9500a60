"""The plain variant gives the same bits in this process (wasmtime) and in the page: weights, losses, random masks."""

import pytest

# Data by whole-number arithmetic, so that it is the same everywhere; each part leaves a fingerprint.
SETUP = """
import hashlib
import numpy as np
import pydl
from pydl import jit, losses, nn, optim, random
from pydl.nn import functional as F

def spread(*shape):
    numbers = np.arange(np.prod(shape), dtype=np.uint64) * 2654435761 % 2**32
    return (numbers.astype(np.float64) / 2**31 - 1).astype(np.float32).reshape(shape)

def mark(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:16]
"""
PARTS = {
    "a dense network with dropout": """
pydl.seed(5)
x = spread(230, 12)
y = (x[:, :4].argmax(1)).astype(np.int32)
model = nn.Sequential([nn.Dense(33, "tanh"), nn.Dropout(0.3), nn.Dense(17, "sigmoid"), nn.Dense(9, "elu"), nn.Dense(4)],
                      input_shape=(12,))
model.compile(optim.Adam(0.01), losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
history = model.fit(x, y, batch_size=20, epochs=6, verbose=0, device=DEVICE)
found = mark(np.array(history.history["loss"]), *(weight.numpy() for weight in model.weights))
""",
    "a convolutional network": """
pydl.seed(6)
x = spread(60, 12, 12, 1)
y = (np.arange(60) % 3).astype(np.int32)
model = nn.Sequential([nn.Conv2D(5, kernel_size=3), nn.BatchNormalization(), nn.Activation("gelu"),
                       nn.MaxPooling2D(pool_size=2), nn.Flatten(), nn.Dense(3)], input_shape=(12, 12, 1))
model.compile(optim.RMSprop(0.01), losses.SparseCategoricalCrossentropy(from_logits=True))
history = model.fit(x, y, batch_size=16, epochs=4, verbose=0, device=DEVICE)
found = mark(np.array(history.history["loss"]), *(weight.numpy() for weight in model.weights))
""",
    "random numbers": """
pydl.seed(7)
numbers = jit(lambda: random.uniform((3, 1001)), device=DEVICE)
found = mark(*(numbers().numpy() for _ in range(3)))
""",
    "dropout's masks": """
pydl.seed(8)
masked = jit(lambda x: F.dropout(x, 0.4), device=DEVICE)
found = mark(*(masked(np.ones((50, 31), np.float32)).numpy() for _ in range(3)))
""",
    "functions by approximation": """
curves = jit(lambda x: [x.exp(), (x * x + 0.01).log(), x.tanh(), F.sigmoid(x), F.softmax(x), F.gelu(x)], device=DEVICE)
found = mark(*(curve.numpy() for curve in curves(20 * spread(77, 13))))
""",
}


def here(code, device):
    names = {"DEVICE": device}
    exec(SETUP + code, names)
    return names["found"]


@pytest.mark.parametrize("code", PARTS.values(), ids=PARTS)
def test_the_plain_variant_gives_the_same_bits_in_the_page_and_here(lab, code):
    answer = lab.exec(f"{SETUP}\nDEVICE = 'wasm:simd'\n{code}\nfound")
    assert answer["error"] is None, answer["error"]
    assert answer["value"] == here(code, "wasm:simd")


@pytest.mark.parametrize("name", ["random numbers", "dropout's masks"])
def test_random_bits_are_those_of_numpy_too(name):
    assert here(PARTS[name], "wasm:simd") == here(PARTS[name], "numpy")
