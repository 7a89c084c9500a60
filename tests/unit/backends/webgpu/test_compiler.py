"""Compiled Programs as texts: how many dispatches a step takes, and the limits that they keep to. No GPU is needed."""

import re
from dataclasses import replace

import numpy as np
import pytest

import pydl
from pydl.backends import Unsupported
from pydl.backends.webgpu.compiler import compile_program
from pydl.backends.webgpu.hosts import Limits
from pydl.backends.webgpu.kernels.control import Source
from pydl.backends.webgpu.kernels.shader import HARDWARE, SOFTWARE
from pydl.bench import NETWORKS
from pydl.jit.passes import optimize
from tests.support.programs import LONG, SHORT, program_of
from tests.unit.backends.agreement import program_of as program_of_one

TUNINGS = pytest.mark.parametrize("tuning", [HARDWARE, SOFTWARE], ids=["hardware", "software"])


def program(function, *arrays):
    return pydl.jit(function, device="numpy").program(*arrays)


@TUNINGS
def test_network_1_takes_at_most_twenty_dispatches_a_step(tuning):
    network = NETWORKS["relu-mlp"]
    x, y = network.rows()
    model = network.model()
    model.optimizer.build(model.trainable_weights)
    step = model.compiled("train", "numpy")
    found = compile_program(step.program(x[: network.batch], y[: network.batch]), Limits(), tuning)
    assert len(found.step) + 1 <= 20, [each.text.name for each in found.step]  # and the one that takes the rows


@TUNINGS
def test_workgroups_beyond_the_limit_of_a_dimension_go_to_the_second(tuning):
    x = np.zeros((3000, 1000), np.float32)
    limits = replace(Limits(), workgroups=200)
    found = compile_program(program(lambda x: x * 2 + 1, x), limits, tuning)
    large = max(found.step, key=lambda each: each.x * each.y)
    assert large.y > 1 and all(each.x <= 200 and each.y <= 200 for each in found.step)
    assert f"at.y * {large.x}u + at.x" in large.text.code
    with pytest.raises(Unsupported, match="workgroups, more than two dimensions of this GPU hold"):
        compile_program(program(lambda x: x * 2 + 1, x), replace(limits, workgroups=2), tuning)


@TUNINGS
@pytest.mark.parametrize("lengths", [SHORT, LONG], ids=["short", "long"])
def test_shaders_keep_to_the_limits_of_every_device(lengths, tuning):
    """Shared memory, invocations, buffers; and every buffer that is bound is declared."""
    limits, seen = Limits(), 0
    for seed in range(40):
        try:
            found = compile_program(optimize(program_of(seed, 40, lengths).program), limits, tuning)
        except Unsupported:
            continue
        for each in found.step:
            code = each.text.code
            shared = re.search(r"shared_words: array<(u32|vec4<u32>), (\d+)>", code)
            words = int(shared[2]) * (1 if shared[1] == "u32" else 4) if shared else 0
            assert 4 * words <= limits.shared and (tuning.shared or not words)
            assert int(re.search(r"@workgroup_size\((\d+)\)", code)[1]) == tuning.workgroup <= limits.invocations
            assert len(each.banks) == len(each.text.bindings) == code.count("@binding") <= limits.bindings
            assert ("workgroupBarrier" in code) <= tuning.shared
            seen += 1
    assert seen > 60


@pytest.mark.parametrize("shared", [16 * 1024, 8 * 1024, 4 * 1024, 1024])
def test_little_shared_memory_means_smaller_tiles_or_none(shared):
    a = np.zeros((512, 512), np.float32)
    found = compile_program(program(lambda a, b: a @ b, a, a), replace(Limits(), shared=shared), HARDWARE)
    sizes = [int(n) for each in found.step for n in re.findall(r"array<vec4<u32>, (\d+)>;", each.text.code)]
    assert all(16 * size <= shared for size in sizes)
    assert bool(sizes) == (shared >= 16 * 1024), "what every device has is enough for tiles"


def test_feeds_of_many_inputs_take_their_rows_in_several_dispatches():
    arrays = [np.zeros((4, 3), np.float32) for _ in range(12)]
    found = compile_program(program(lambda *x: sum(each.sum() for each in x), *arrays), Limits(), SOFTWARE)
    takes = found.take([Source(value, 0, 40, 3, False, False) for value in found.program.inputs])
    assert [numbers for _, numbers in takes] == [[*range(6)], [*range(6, 12)]]
    assert all(len(each.text.bindings) <= Limits().bindings for each, _ in takes)
    assert [("fn begin" in each.text.code) for each, _ in takes] == [True, False]


def test_the_same_program_is_the_same_text():
    """Pipelines are kept by their texts: a network that is made anew must find its own again."""
    texts = []
    for _ in range(2):
        x = np.ones((6, 5), np.float32)
        found = compile_program(program(lambda x: (x @ x.T).relu().sum(0), x), Limits(), HARDWARE)
        texts.append([each.text.code for each in found.step])
    assert texts[0] == texts[1]


def test_constants_that_are_no_numbers_are_read_from_memory():
    """WGSL knows no literal for infinity."""
    x = np.ones(5, np.float32)
    for number in (np.inf, np.nan):
        found = compile_program(program(lambda x, number=number: x * number, x), Limits(), SOFTWARE)
        assert not any("inf" in each.text.code or "nanf" in each.text.code for each in found.step)


def test_integers_that_do_not_fit_into_32_bits_are_refused():
    far = program_of_one("one_hot", [np.array([1, 2, 2**40])], {"depth": 5, "dtype": np.dtype(np.float32)})
    (labels,) = far.inputs
    far.inputs, far.constants = [], [(labels, np.array([1, 2, 2**40]))]
    with pytest.raises(Unsupported, match="a constant of one_hot: expected integers of 32 bits, received int64"):
        compile_program(far, Limits(), SOFTWARE)
