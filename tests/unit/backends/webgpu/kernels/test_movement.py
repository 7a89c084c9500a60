"""Kernels that move: by fours and one by one, of what is read through views, against NumPy."""

import numpy as np
import pytest

import pydl
from pydl import concatenate
from pydl.backends import Unsupported
from tests.support.gpu import desktop_gpus
from tests.unit.backends.webgpu.running import normal, run

FOURS = pytest.mark.parametrize("channels", [8, 3], ids=["in fours", "one by one"])


def assert_as_in_numpy(function, gpu, *arrays):
    """A function's outputs, to the bit, are those of the reference."""
    expected = [each.numpy() for each in pydl.jit(function, device="numpy")(*arrays)]
    for ours, reference in zip(run(function, gpu, *arrays), expected, strict=True):
        np.testing.assert_array_equal(ours, reference)


@FOURS
def test_pad_with_borders_and_between(channels, gpu):
    assert_as_in_numpy(
        lambda x: (
            x.pad((1, 0, 2, 0), (0, 2, 1, 0), (0, 1, 2, 0)),
            x.pad((0, 0, 0, 1), (0, 0, 0, 2), (0, 0, 0, 1)),
            x.swapaxes(1, 2).pad((0, 1, 0, 0), (0, 0, 3, 0), (0, 0, 0, 0)),
            x[:, 1:, ::2].pad((0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 0)),
        ),
        gpu,
        normal(2, 3, 4, channels),
    )


@FOURS
def test_concatenate_along_every_axis(channels, gpu):
    def joined(x, y):
        turned = concatenate([x.swapaxes(0, 1), y.swapaxes(0, 1)], axis=1)
        return [*(concatenate([x, y, x * 2], axis=axis) for axis in range(3)), concatenate([x, y[:1]], axis=0), turned]

    assert_as_in_numpy(joined, gpu, normal(2, 3, channels), normal(2, 3, channels, seed=1))


@FOURS
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (3, 1)], ids=str)
def test_fold_adds_up_what_overlaps(strides, channels, gpu):
    image = np.round(normal(2, 7, 8, channels) * 64) / 64  # exact: the order of a sum says nothing
    assert_as_in_numpy(lambda x: [(x.unfold((3, 2), strides) * 2).fold((7, 8), strides)], gpu, image)


@FOURS
@pytest.mark.parametrize("dtype", ["int32", "uint8", "int64"])
def test_gather_takes_rows_in_any_order_also_from_the_end(dtype, channels, gpu):
    indices = np.array([[2, 0, 4], [4, 4, 1]], dtype)
    indices[0, 1] = indices[0, 1] if dtype == "uint8" else -1
    assert_as_in_numpy(
        lambda x, at: (x.gather(at), x[:, 0].gather(at), x.swapaxes(0, 1).gather(at[1, 2:])),
        gpu,
        normal(5, 3, channels),
        indices,
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_argmax_takes_the_first_of_equals_and_a_nan(axis, gpu):
    x = np.round(normal(4, 5, 6))
    x[1, 2, 3] = x[3, 0, 0] = np.nan
    assert_as_in_numpy(lambda x: (x.argmax(axis), x.swapaxes(0, 2).argmax(axis), (x > 0).argmax(axis)), gpu, x)


def test_argmax_of_more_than_a_loop_has_rounds_is_refused_where_a_cpu_plays_the_gpu():
    """llvmpipe ends a loop after 65,535 rounds, and says nothing."""
    _, software = desktop_gpus()
    x = np.zeros((2, 65_535), np.float32)
    x[0, 65_534] = x[1, 40_000] = 1
    assert run(lambda x: x.argmax(1), software, x)[0].tolist() == [65_534, 40_000]
    with pytest.raises(Unsupported, match="argmax of 65,536 numbers.*device='wasm'"):
        run(lambda x: x.argmax(0), software, np.zeros(65_536, np.float32))


def test_one_hot_rows_and_their_derivative(gpu):
    labels = np.array([0, 3, 2, 3, 1], np.int64)
    assert_as_in_numpy(lambda at: (at.one_hot(4), at.astype("int32").one_hot(5).sum(0)), gpu, labels)
