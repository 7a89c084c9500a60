"""The steps of every lesson on the GPU: outputs and gradients against the same steps computed in float64."""

import pytest

from pydl.backends.webgpu.executable import Executable
from tests.support.gpu import desktop_gpus
from tests.support.lessons import SMALL
from tests.unit.backends.lesson_steps import assert_lesson_agrees

TOLERANCE = 1e-4


def assert_agrees(lesson, gpu, monkeypatch):
    def executables(program):
        executable = Executable(program, gpu)
        yield executable
        executable.close()

    assert_lesson_agrees(lesson, executables, TOLERANCE, monkeypatch)


# What takes from ten seconds to three minutes where shaders are compiled for the first time (llvmpipe, 2026-11).
DIGITS = ["mnist_cnn", "mnist_dnn", "mnist_dropout", "mnist_ensemble", "mnist_keras", "mnist_softmax_vs_relu"]
LARGE = {*DIGITS, "mnist_relu", "softmax_regression", "xor_deep"}


@pytest.mark.parametrize("lesson", sorted(set(SMALL) - LARGE))
def test_the_steps_of_a_lesson_agree_with_float64(lesson, gpu, monkeypatch):
    assert_agrees(lesson, gpu, monkeypatch)


@pytest.mark.parametrize("lesson", ["mnist_cnn", "mnist_relu", "softmax_regression"])
def test_the_steps_of_a_large_lesson_agree_where_a_cpu_plays_the_gpu(lesson, monkeypatch):
    assert_agrees(lesson, desktop_gpus()[1], monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", sorted(LARGE))
def test_the_steps_of_every_large_lesson_agree_in_both_tunings(lesson, gpu, monkeypatch):
    assert_agrees(lesson, gpu, monkeypatch)
