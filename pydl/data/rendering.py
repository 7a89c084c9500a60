"""From pen points to pixels, for a chunk of digits at once and with + - x / and square roots only.

Every step is an elementwise float32 operation, which IEEE 754 rounds in one way, or an integer sum: one seed gives the
same bytes on every processor. The last axis is always the digit, so each NumPy call runs over the whole chunk.
"""

from __future__ import annotations

import numpy as np

BOX = 20  # MNIST's convention: the ink's longer side fills a 20 x 20 box,
SIDE = 28  # which stands in 28 x 28 so that the centre of mass is nearest to pixel (14, 14)

# Distance of samples along the pen's way, in heights of the digit: 0.6 pixels. The line is drawn as discs around the
# samples; at the thinnest pen's radius of 0.6 their outline is within 0.08 pixels of a true line's, else within 0.05.
SPACING = 0.03


def sample_table(runs: list[list[int]], forms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A Catmull-Rom curve through each run of control points, as a table.

    Sample k of the pen's way is sum_j weights[k, j] * control[indices[k, j]], j = 0..3. `forms` (forms, points, 2)
    tells how long each span can be and so how many samples it needs.
    """
    indices, weights = [], []
    for run in runs:
        last = len(run) - 2
        for i in range(len(run) - 1):
            before, start, end, after = run[max(i - 1, 0)], run[i], run[i + 1], run[min(i + 2, last + 1)]
            span = forms[:, end] - forms[:, start]
            steps = int(np.ceil(np.sqrt((span * span).sum(axis=1).max()) / np.float32(SPACING)))
            for step in range(steps + (i == last)):
                t = step / steps
                w = [(-t + 2 * t * t - t * t * t) / 2, (2 - 5 * t * t + 3 * t * t * t) / 2,
                     (t + 4 * t * t - 3 * t * t * t) / 2, (t * t * t - t * t) / 2]  # fmt: skip
                if i == 0:  # past an end the curve goes straight on: before = 2 start - end
                    w = [0, w[1] + 2 * w[0], w[2] - w[0], w[3]]
                if i == last:
                    w = [w[0], w[1] - w[3], w[2] + 2 * w[3], 0]
                indices.append([before, start, end, after])
                weights.append(w)
    return np.array(indices), np.array(weights, np.float32)


def follow(control: np.ndarray, indices: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The pen's way (2, samples, n) through control points (2, points, n)."""
    path: np.ndarray = control[:, indices[:, 0]] * weights[:, :1]
    for j in range(1, 4):
        path += control[:, indices[:, j]] * weights[:, j : j + 1]
    return path


def fit_to_box(path: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """The way scaled, its aspect kept, so that a line of this radius (n) fills the box's longer side."""
    low, high = path.min(axis=1), path.max(axis=1)
    scale = (BOX - 2 * radius) / (high - low).max(axis=0)
    fitted: np.ndarray = (path - ((low + high) / 2)[:, None]) * scale + BOX / 2
    return fitted


def ink(path: np.ndarray, radius: np.ndarray, softness: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """Grey values (20, 20, n), uint8, of a line along the way: full within the radius, fading over `softness` pixels.

    `pressure` (samples, n) multiplies the radius (n) along the way.
    """
    centres = np.arange(BOX, dtype=np.float32)[:, None] + np.float32(0.5)
    nearest = np.full((BOX, BOX, path.shape[2]), np.inf, np.float32)  # squared distance to the line's middle
    squared = np.empty_like(nearest)
    for x, y, thin in zip(path[0], path[1], 1 / pressure):
        across, down = (centres - x) * thin, (centres - y) * thin
        np.add((across * across)[None], (down * down)[:, None], out=squared)
        np.minimum(nearest, squared, out=nearest)
    grey = (radius - np.sqrt(nearest, out=nearest)) / softness + np.float32(0.5)
    inked: np.ndarray = np.rint(np.clip(grey, 0, 1, out=grey) * 255).astype(np.uint8)
    return inked


def centre(boxes: np.ndarray) -> np.ndarray:
    """Images (n, 28, 28) with each box (20, 20, n) moved by whole pixels, its centre of mass nearest to (14, 14)."""
    count = boxes.shape[2]
    ramp = np.arange(BOX)[:, None]
    mass = boxes.sum(axis=(0, 1), dtype=np.int64)
    corner = []
    for axis in (0, 1):
        profile = boxes.sum(axis=1 - axis, dtype=np.int64)
        rounded_mean = (2 * (profile * ramp).sum(axis=0) + mass) // (2 * mass)
        corner.append(np.clip(SIDE // 2 - rounded_mean, 0, SIDE - BOX))
    rows = corner[0][:, None, None] + ramp
    columns = corner[1][:, None, None] + ramp.T
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    images[np.arange(count)[:, None, None], rows, columns] = boxes.transpose(2, 0, 1)
    return images
