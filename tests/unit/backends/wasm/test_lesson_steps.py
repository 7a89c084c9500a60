"""The steps of every lesson as machine code: outputs and gradients against the same steps computed in float64."""

import pytest

from tests.support.lessons import SMALL
from tests.unit.backends.lesson_steps import assert_lesson_agrees
from tests.unit.backends.wasm.agreement import executables


@pytest.mark.parametrize("lesson", sorted(SMALL))
def test_the_steps_of_a_lesson_agree_with_float64(lesson, monkeypatch):
    assert_lesson_agrees(lesson, executables, 1e-5, monkeypatch)
