"""From pen points to pixels: the curve, the box, the ink and the centring, each against another way to say it."""

import numpy as np

from pydl.data.rendering import centre, fit_to_box, follow, ink, sample_table


def test_the_pen_goes_through_every_point_and_straight_between_corners():
    runs, points = [[0, 1], [1, 2, 3]], np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], np.float32)
    path = follow(points[0].T[:, :, None], *sample_table(runs, points))[:, :, 0].T
    for point in points[0]:
        assert np.abs(path - point).sum(axis=1).min() < 1e-6
    first_run = path[: np.flatnonzero(path[:, 0] >= 1)[0]]
    np.testing.assert_array_equal(first_run[:, 1], 0)
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 0.05


def test_ink_is_what_the_distance_to_the_line_says():
    """Against the exact distance to a segment, in float64: at most a tenth of full ink apart, on average nothing."""
    start, end, radius, softness = np.array([4.0, 6.0]), np.array([15.0, 12.0]), 1.3, 1.1
    path = (start + np.linspace(0, 1, 22)[:, None] * (end - start)).T.astype(np.float32)[:, :, None]
    one = np.ones(1, np.float32)
    drawn = ink(path, radius * one, softness * one, np.ones((22, 1), np.float32))[:, :, 0] / 255
    y, x = np.mgrid[:20, :20] + 0.5
    along = ((x - start[0]) * (end - start)[0] + (y - start[1]) * (end - start)[1]) / ((end - start) @ (end - start))
    nearest = start[:, None, None] + np.clip(along, 0, 1) * (end - start)[:, None, None]
    distance = np.hypot(x - nearest[0], y - nearest[1])
    exact = np.clip((radius - distance) / softness + 0.5, 0, 1)
    assert np.abs(drawn - exact).max() < 0.1 and np.abs((drawn - exact).mean()) < 0.005


def test_a_box_is_set_by_whole_pixels():
    box = np.zeros((20, 20, 1), np.uint8)
    box[8:11, 10:13] = 200  # its centre of mass: row 9, column 11
    image = centre(box)[0]
    np.testing.assert_array_equal(np.argwhere(image), [[r, c] for r in (13, 14, 15) for c in (13, 14, 15)])
    box[:] = 0
    box[0, 0] = 1  # at the edge of the box: as far as the image allows
    assert centre(box)[0, 8, 8] == 1


def test_a_path_is_fitted_with_its_aspect():
    path = np.array([[0, 1, 2], [0, 0, 4]], np.float32)[:, :, None]
    fitted = fit_to_box(path, np.array([1.0], np.float32))[:, :, 0]
    np.testing.assert_allclose(fitted, [[5.5, 10, 14.5], [1, 1, 19]])
