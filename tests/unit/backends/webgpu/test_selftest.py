"""The self-test: a sound GPU passes it once, and it finds every lie of another one."""

from dataclasses import replace

import pytest

import pydl
from pydl.backends import webgpu
from pydl.backends.errors import WrongNumbers
from pydl.backends.webgpu import hosts, selftest
from pydl.backends.webgpu.gpu import Gpu
from tests.support.gpu import Before, desktop_gpus
from tests.unit.backends.webgpu.conftest import place


class Lying(Before):
    """A GPU that takes one text in its shaders for another; the shaders without it are another Gpu's."""

    def __init__(self, honest, truth, lie):
        super().__init__(honest.host)
        self.honest, self.truth, self.lie, self.told = honest, truth, lie, 0

    def pipelines(self, shaders):
        return [self.pipeline(shader) for shader in shaders]

    def pipeline(self, shader):
        if self.truth not in shader.code:
            return self.honest.pipelines([shader])[0]
        self.told += 1
        return self.inner.pipelines([replace(shader, code=shader.code.replace(self.truth, self.lie))])[0]


def test_a_sound_gpu_passes(gpu):
    selftest.check(gpu)


def test_a_gpu_is_tested_when_it_is_used_for_the_first_time_and_never_again(monkeypatch, desktop):
    checked = []
    monkeypatch.setattr(selftest, "check", checked.append)
    place(desktop, monkeypatch)
    monkeypatch.setattr(webgpu, "_gpus", [])
    for _ in range(3):
        pydl.jit(lambda x: x * 2, device="webgpu")(1.0)
    assert len(checked) == 1 and checked == webgpu._gpus
    hosts.register(Before())
    pydl.jit(lambda x: x * 2, device="webgpu")(1.0)
    assert len(checked) == 2, "another host is another GPU"


# A text, what is taken for it, and the kind of kernel of which the failure must speak.
LIES = {
    "maximum": ("max(a, b)", "min(a, b)"),
    "exp": ("exp(-x)", "exp(x)"),
    "erf": ("1.0 - exp(-square)", "1.001 - exp(-square)"),
    "tanh": ("0.33333333", "0.53333333"),
    "power": ("pow(abs(x), y)", "pow(abs(x), y * 1.01)"),
    "relu": ("return select(max(x, bound), x, is_nan", "return select(x, x, is_nan"),
    "sums": ("sum0 = sum0 + ", "sum0 = "),
    "products": ("dot(", "0.5 * dot("),
    "rotations": ("<< 13u", "<< 14u"),
    "folds": ("moved += ", "moved = "),
    "gather": ("row < 0i", "row > 0i"),
    "argmax": ("value > largest", "value < largest"),
    "bytes": ("& 255u", "& 127u"),
    "an order": ("row = order[place]", "row = place"),
    "steps that are counted": ("words.x += 1u", "words.x += 2u"),
}
SLOWER = {
    "maximum",
    "exp",
    "erf",
    "tanh",
    "power",
    "relu",
    "sums",
    "folds",
    "products",
    "where",
}  # in shaders that take long to compile


def lied_to(tuning_of, lie):
    gpu = Gpu(Lying(tuning_of, *LIES[lie]))
    gpu.tuning = tuning_of.tuning
    with pytest.raises(WrongNumbers, match="in the self-test"):
        selftest.check(gpu)
    assert gpu.host.told, "there is nothing that could have been taken otherwise"


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie not in SLOWER])
def test_a_lie_is_found(lie):
    _, software = desktop_gpus()
    lied_to(software, lie)


@pytest.mark.slow
@pytest.mark.parametrize("lie", LIES)
def test_every_lie_is_found(lie, gpu):
    lied_to(gpu, lie)
