"""Shifted and turned images: against plain slicing, NumPy's quarter turns and SciPy's interpolation."""

import numpy as np
import pytest

import pydl
from pydl.data import DataError, augment, rotate_images, shift_images
from tests.unit.support import fingerprint

IMAGES = np.random.default_rng(4).integers(0, 256, (5, 9, 12), np.uint8)


def moved(image, dx, dy):
    """A shift by whole pixels, in plain Python."""
    result = np.zeros_like(image)
    height, width = image.shape[:2]
    for row in range(height):
        for column in range(width):
            if 0 <= row - dy < height and 0 <= column - dx < width:
                result[row, column] = image[row - dy, column - dx]
    return result


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_whole_shifts_copy_pixels_exactly(dtype):
    images = IMAGES.astype(dtype)
    for dx, dy in ((0, 0), (3, 0), (0, 2), (-1, -4), (12, 0), (0, -9), (1000, -1000)):
        shifted = shift_images(images, dx, dy)
        assert shifted.dtype == dtype
        np.testing.assert_array_equal(shifted, [moved(image, dx, dy) for image in images])


def test_every_image_can_have_a_shift_and_an_angle_of_its_own():
    dx, dy, degrees = [0, 1, -2, 3, 0], [1, 0, 2, -3, 0], [0, 90, 10, -45, 180]
    shifted, turned = shift_images(IMAGES, dx, dy), rotate_images(IMAGES, degrees)
    for i, image in enumerate(IMAGES):
        np.testing.assert_array_equal(shifted[i], moved(image, dx[i], dy[i]))
        np.testing.assert_array_equal(turned[i], rotate_images(image[None], degrees[i])[0])


def test_quarter_turns_are_numpys():
    square = IMAGES[:, :, :9]
    for quarters in range(-4, 5):
        np.testing.assert_array_equal(rotate_images(square, 90 * quarters), np.rot90(square, quarters, axes=(1, 2)))


@pytest.mark.parametrize("degrees", [0.5, 10, -33, 120, 200])
def test_turns_are_those_of_scipy(degrees):
    ndimage = pytest.importorskip("scipy.ndimage")
    images = IMAGES.astype(np.float64)
    expected = [ndimage.rotate(i, degrees, reshape=False, order=1, mode="grid-constant") for i in images]
    np.testing.assert_allclose(rotate_images(images, degrees), expected, atol=1e-9)
    assert np.abs(rotate_images(IMAGES, degrees) - np.array(expected)).max() < 0.501, "bytes are rounded"


def test_shifts_between_pixels_are_those_of_scipy():
    ndimage = pytest.importorskip("scipy.ndimage")
    images = IMAGES.astype(np.float64)
    expected = [ndimage.shift(image, (-2.25, 1.5), order=1, mode="grid-constant") for image in images]
    np.testing.assert_allclose(shift_images(images, 1.5, -2.25), expected, atol=1e-9)


def test_channels_are_sampled_alike():
    colours = np.stack([IMAGES, 255 - IMAGES], axis=-1)
    for function in (lambda images: shift_images(images, 1.5, -2), lambda images: rotate_images(images, 30)):
        result = function(colours)
        assert result.shape == colours.shape
        for channel in (0, 1):
            np.testing.assert_array_equal(result[..., channel], function(colours[..., channel]))


def test_the_copies_of_a_seed_are_the_same_on_every_machine():
    """Processors differ in the last bits of cos and sin; it takes more than that to make another byte of a pixel."""
    images = (np.arange(6 * 28 * 28).reshape(6, 28, 28) * 7919 % 256).astype(np.uint8)
    assert fingerprint(augment(images, np.arange(6), copies=2, seed=777)[0]) == "3012813ed72d57f3"


def test_many_images_are_sampled_as_few_are():
    images = np.random.default_rng(1).integers(0, 256, (1100, 6, 5), np.uint8)
    degrees = np.linspace(-30, 30, len(images))
    expected = np.concatenate([rotate_images(images[i : i + 1], degrees[i]) for i in range(len(images))])
    np.testing.assert_array_equal(rotate_images(images, degrees), expected)
    assert rotate_images(images[:0], 5).shape == (0, 6, 5)


# ---- augment


def test_copies_follow_the_originals_with_their_labels():
    labels = np.arange(5)
    images, augmented = augment(IMAGES, labels, copies=3, seed=1)
    assert images.shape == (20, 9, 12) and images.dtype == np.uint8
    np.testing.assert_array_equal(images[:5], IMAGES)
    np.testing.assert_array_equal(augmented, np.tile(labels, 4))
    copies = [images[start : start + 5] for start in (0, 5, 10, 15)]
    assert all(not np.array_equal(a, b) for i, a in enumerate(copies) for b in copies[:i])


def test_copies_without_turning_are_whole_shifts_within_the_bounds_and_all_of_them():
    images = np.zeros((400, 7, 7), np.uint8)
    images[:, 3, 3] = 255
    copies = augment(images, np.zeros(400), shift=2, rotate=0, seed=2)[0][400:]
    places = {tuple(np.argwhere(copy)[0]) for copy in copies}
    assert (copies.reshape(400, -1).sum(axis=1) == 255).all()
    assert places == {(row, column) for row in range(1, 6) for column in range(1, 6)}


def test_angles_stay_within_the_bounds_and_go_both_ways():
    images = np.zeros((300, 41, 41), np.float32)
    images[:, 20, 39] = 1  # 19 pixels to the right of the centre
    copies = augment(images, np.zeros(300), shift=0, rotate=20, seed=3)[0][300:]
    rows = np.arange(41)
    height = 20 - (copies.sum(axis=2) * rows).sum(axis=1) / copies.sum(axis=(1, 2))
    angles = np.degrees(np.arcsin(height / 19))
    assert -20.5 < angles.min() < -17 and 17 < angles.max() < 20.5 and abs(angles.mean()) < 2


def test_the_same_seed_gives_the_same_copies_and_none_draws_from_the_default_generator():
    one, same, other = (augment(IMAGES, np.arange(5), seed=seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    before = int(pydl.random.default.counter)
    augment(IMAGES, np.arange(5), seed=1)
    assert int(pydl.random.default.counter) == before
    drawn = [augment(IMAGES, np.arange(5))[0] for _ in range(2)]
    assert not np.array_equal(*drawn)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: shift_images(np.zeros((2, 4)), 1, 1), r"expected images of uint8 or float, .* of shape \(2, 4\)"),
        (lambda: rotate_images(np.zeros((2, 4, 4), int), 1), "received int64"),
        (lambda: shift_images(IMAGES, [1, 2], 0), "expected dx as a finite number or 5 of them"),
        (lambda: rotate_images(IMAGES, np.nan), "expected degrees as a finite number"),
        (lambda: augment(IMAGES, [1, 2]), "expected 5 labels for as many images"),
        (lambda: augment(IMAGES, np.arange(5), shift=-1), "expected shift as an integer from 0, received -1"),
        (lambda: augment(IMAGES, np.arange(5), copies=1.5), "expected copies as an integer from 0"),
        (lambda: augment(IMAGES, np.arange(5), rotate=-3), "expected rotate as degrees from 0"),
        (lambda: augment(IMAGES, np.arange(5), seed=-3), "expected seed as an integer"),
    ],
)
def test_what_cannot_be_augmented_is_refused(call, message):
    with pytest.raises(DataError, match=message):
        call()
