"""The shapes of the digits are well formed."""

import numpy as np
import pytest

from pydl.data.strokes import FAMILIES

ALL_FAMILIES = [(digit, i) for digit, families in FAMILIES.items() for i in range(len(families))]


def test_the_shares_of_each_digits_families_add_up():
    assert list(FAMILIES) == list(range(10))
    for digit, families in FAMILIES.items():
        assert sum(family.share for family in families) == pytest.approx(1), digit


@pytest.mark.parametrize("digit, i", ALL_FAMILIES)
def test_the_forms_of_a_family_have_the_same_structure(digit, i):
    """Strokes, points and corners in the same places, within the unit of height."""
    family = FAMILIES[digit][i]
    structures = {"".join(c for c in form if c in " |!") for form in family.forms}
    assert len(structures) == 1
    points = family.control_points()
    assert points.dtype == np.float32 and points[..., 1].min() >= -0.05 and points[..., 1].max() <= 1.05
    assert sorted({index for run in family.runs() for index in run}) == list(range(points.shape[1]))
