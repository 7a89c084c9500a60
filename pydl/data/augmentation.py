"""Augmentation: more images from those that there are, moved and turned a little, since a moved 7 is still a 7.

Shifting and turning are one sampling of the image: for every pixel of the result, the place in the original that it
comes from, read between the four pixels around it (bilinear), with nothing (0) beyond the edge.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import random
from ..random import Generator
from .errors import DataError

AUGMENT_STREAM = 0x6175676D_00000000  # exchanged bits of the seed ("augm"): not the numbers of weights from this seed
_CHUNK = 512  # images at a time: four readings of every pixel, in the arrays of some megabytes


def shift_images(images: Any, dx: Any, dy: Any) -> np.ndarray:
    """Images moved to the right by dx and down by dy pixels; what comes in from outside is 0.

    images: (n, height, width) or (n, height, width, channels), uint8 or float; the dtype stays.
    dx, dy: numbers, or one for each image (n,); whole ones copy pixels exactly. Raises DataError.
    """
    images = _checked(images)
    return _sampled(images, _each("dx", dx, images), _each("dy", dy, images), np.zeros(len(images)))


def rotate_images(images: Any, degrees: Any) -> np.ndarray:
    """Images turned around their centre, counter-clockwise as they are seen; what comes in from outside is 0.

    images:  (n, height, width) or (n, height, width, channels), uint8 or float; the dtype stays.
    degrees: a number, or one for each image (n,). Raises DataError.
    """
    images = _checked(images)
    return _sampled(images, np.zeros(len(images)), np.zeros(len(images)), _each("degrees", degrees, images))


def augment(
    images: Any,
    labels: Any,
    shift: int = 2,
    rotate: float = 10,
    copies: int = 1,
    seed: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(images, labels) with `copies` changed copies of every image after them: (n * (1 + copies), ...).

    images: as in `rotate_images`. labels: (n, ...).
    shift:  every copy moves by -shift to shift whole pixels, along and across, each as likely
    rotate: and turns by -rotate to rotate degrees, even
    seed:   the same seed gives the same copies; None draws from pydl's default generator

    The order is that of the originals, copy after copy: `fit` shuffles. Only training data should be augmented.
    Raises DataError.
    """
    images, labels = _checked(images), np.asarray(labels)
    if not labels.ndim or len(labels) != len(images):
        raise DataError(f"augment: expected {len(images)} labels for as many images, received shape {labels.shape}")
    for name, value in (("shift", shift), ("copies", copies)):
        if not isinstance(value, (int, np.integer)) or value < 0:
            raise DataError(f"augment: expected {name} as an integer from 0, received {value!r}")
    if not np.isfinite(rotate) or rotate < 0:
        raise DataError(f"augment: expected rotate as degrees from 0, received {rotate!r}")
    if seed is not None and (not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**64):
        raise DataError(f"augment: expected seed as an integer from 0 to 2^64 - 1 or None, received {seed!r}")
    generator = random.default if seed is None else Generator(int(seed) ^ AUGMENT_STREAM)
    changed = [images]
    for _ in range(copies):
        dx, dy = generator.integers(-shift, shift + 1, (2, len(images)))
        degrees = generator.uniform(len(images), -rotate, rotate)
        changed.append(_sampled(images, dx, dy, degrees))
    return np.concatenate(changed), np.concatenate([labels] * (1 + copies))


def _sampled(images: np.ndarray, dx: np.ndarray, dy: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Each image turned around its centre, then moved."""
    height, width = images.shape[1:3]
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    result = np.empty_like(images)
    turn = np.deg2rad(degrees.astype(np.float64))
    for start in range(0, len(images), _CHUNK):
        part = slice(start, start + _CHUNK)
        # The way back from each pixel of the result: not moved yet, then turned the other way.
        x = np.arange(width) - middle_x - dx[part, None, None]
        y = np.arange(height)[:, None] - middle_y - dy[part, None, None]
        cosine, sine = np.cos(turn[part, None, None]), np.sin(turn[part, None, None])
        result[part] = _read(images[part], cosine * x - sine * y + middle_x, sine * x + cosine * y + middle_y)
    return result


def _read(images: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The images at the places (n, height, width) given in pixels: each the mean of four, by how near they are."""
    height, width = images.shape[1:3]
    # Places more than a pixel outside are as good as any other there: clipped, so that the frame of zeros holds them.
    x, y = x.clip(-1, width) + 1, y.clip(-1, height) + 1
    left, above = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    part_x, part_y = x - left, y - above
    frame = ((0, 0), (1, 2), (1, 2)) + ((0, 0),) * (images.ndim - 3)
    framed = np.pad(images.astype(np.float64 if images.dtype == np.float64 else np.float32), frame)
    n = np.arange(len(images))[:, None, None]
    read: Any = 0
    for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = (part_y if down else 1 - part_y) * (part_x if across else 1 - part_x)
        share = share.reshape(share.shape + (1,) * (images.ndim - 3)).astype(framed.dtype)
        read = read + share * framed[n, above + down, left + across]
    if images.dtype == np.uint8:
        read = np.rint(read).clip(0, 255)
    result: np.ndarray = read.astype(images.dtype)
    return result


def _checked(images: Any) -> np.ndarray:
    array = np.asarray(images)
    if array.ndim not in (3, 4) or 0 in array.shape[1:] or not (array.dtype == np.uint8 or array.dtype.kind == "f"):
        raise DataError(
            "expected images of uint8 or float, (n, height, width) or (n, height, width, channels); "
            f"received {array.dtype} of shape {array.shape}"
        )
    return array


def _each(name: str, value: Any, images: np.ndarray) -> np.ndarray:
    """A number for every image."""
    value = np.asarray(value)
    if value.dtype.kind not in "fiu" or value.shape not in ((), (len(images),)) or not np.isfinite(value).all():
        raise DataError(
            f"expected {name} as a finite number or {len(images)} of them, "
            f"received {value.dtype} of shape {value.shape}"
        )
    return np.broadcast_to(value, (len(images),))
