"""What the tests of files share: arrays of all kinds, both formats by name, and files damaged in every way."""

import json
import math
from io import BytesIO

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pydl.io import save_checkpoint
from pydl.io.arrays import DTYPES

FORMATS = (".npz", ".safetensors")

letters = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\\")
names = st.text(letters, min_size=1, max_size=12).filter(
    lambda name: all(part not in ("", ".", "..") for part in name.split("/"))
    and not name.endswith(".npy")
    and name not in ("metadata.json", "__metadata__")
)
shapes = hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)
arrays = st.sampled_from(DTYPES).flatmap(lambda dtype: hnp.arrays(dtype, shapes))
named_arrays = st.dictionaries(names, arrays, max_size=5)
meta = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
metas = st.dictionaries(st.text(max_size=8), meta, max_size=3)


def content_of(arrays, meta=None, format=".npz"):
    """The bytes of a file."""
    file = BytesIO()
    save_checkpoint(file, arrays, meta, format)
    return file.getvalue()


def some_arrays():
    """A small model's worth: weights, a counter, an empty array and a single number."""
    random = np.random.default_rng(5)
    return {
        "hidden1/kernel": random.normal(size=(4, 3)).astype(np.float32),
        "hidden1/bias": np.zeros(3, np.float32),
        "optimizer/iterations": np.array(7, np.uint32),
        "optimizer/learning_rate": np.array(0.001),
        "층/mask": np.array([True, False, True]),
        "none": np.zeros((0, 2), np.int64),
    }


def assert_same(found, expected):
    """The same names, each with the same dtype, shape and bytes: NaN and -0.0 included."""
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape, name
        assert found[name].tobytes() == np.ascontiguousarray(array).tobytes(), name


def damaged(content, random):
    """The content with one thing wrong: bits flipped, bytes overwritten, put in, taken out, or the end cut off."""
    changed = bytearray(content)
    at, length = int(random.integers(len(content))), int(random.integers(1, 9))
    kind = random.integers(6)
    if kind == 0:
        changed[at] ^= 1 << int(random.integers(8))
    elif kind == 1:
        changed[at : at + length] = random.bytes(len(changed[at : at + length]))
    elif kind == 2:
        changed[at:at] = random.bytes(length)
    elif kind == 3:
        del changed[at : at + length]
    elif kind == 4:
        del changed[at:]
    else:
        changed += random.bytes(length)
    return bytes(changed)


ODD = [
    None, True, 0, 1, -1, 2, -0.5, 1e308, math.nan, math.inf, 10**12, 10**30,
    "", "x", "relu", "../../etc", "a/b", "optimizer",
    [], [[]], {}, [1, 2, 3], ["conv/kernel"], {"array": "nothing"}, {"array": "top/bias"},
    *({"class_name": name, "config": config} for name in ("Dense", "Sequential", "Adam", "Loss", "Module", "Nothing")
      for config in ({}, {"units": 3}, {"layers": []}, {"learning_rate": 1}, [])),
]  # fmt: skip


def altered(meta, random):
    """What stands beside the arrays with one or several entries exchanged, repeated, put in or taken out: a file of it
    has a right checksum."""
    meta = json.loads(json.dumps(meta))
    for _ in range(int(random.integers(1, 4))):
        places = list(_places(meta))
        holder, key = places[random.integers(len(places))]
        other, its = places[random.integers(len(places))]
        value = [ODD[random.integers(len(ODD))], other[its]][random.integers(2)]
        kind = random.integers(4)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, list):
            holder.insert(key, json.loads(json.dumps(value)))
        elif kind == 2 and isinstance(holder, dict):
            holder[("name", "seed", "trainable", "class_name")[random.integers(4)]] = json.loads(json.dumps(value))
        else:
            holder[key] = json.loads(json.dumps(value))
    return meta


def _places(value):
    """(holder, key) of everything in nested lists and dicts."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in list(items):
        yield value, key
        yield from _places(part)
