"""The webgpu backend: a Program becomes WGSL shaders and a list of dispatches, and a training stays on the GPU.

How a line of Python becomes a dispatch, by the example of

    @pydl.jit(device="webgpu")
    def layer(x):
        return (x @ w + b).relu()

1. Tracing, the passes and fusion are those of every backend: they give a Program whose instructions are numbered by
   kernel. Here it is one, a matrix product with a tail:

       0 | %2: f32[128,64] = matmul(%0, %1)
           %4: f32[128,64] = broadcast(%3, shape=[128, 64])
       0 | %5: f32[128,64] = add(%2, %4)
           %7: f32[128,64] = broadcast(%6, shape=[128, 64])
       0 | %8: f32[128,64] = maximum(%5, %7)

2. The schedule (`schedule.py`) makes a step of every kernel, and says which of them do not wait for each other: those
   share a dispatch. What changes the state comes last.
3. Placement (`placement.py`) gives every value that needs memory a place in a bank, a storage buffer as large as a
   shader may bind. So a shader binds one buffer, or a few, however many weights a network has, and no limit on the
   number of buffers is ever met.
4. Each step writes itself as a function of WGSL (`kernels/`). A product keeps its sums in registers; the tail is
   computed as they leave them, four columns at a time, and only its result goes to memory:

       let v46 = bitcast<vec4<f32>>(bank0[66056u + (v45 % 16u)]);    // four biases; v45: which four of the result
       let v47 = sum_0_0 + v46;                                      // and the sums of the product
       let v48 = at_least_4(v47, vec4<f32>(0.0f));                   // relu, which lets a NaN through
       bank0[67096u + v45] = bitcast<vec4<u32>>(v48);

   The words of a bank are numbers of any kind, so they are taken as what they are (`words.py`: there is nothing but 32
   bits on a GPU). A transposed or broadcast operand, a window of an image is read where it is (`kernels/indexing.py`).
5. `compiler.py` puts the functions of a dispatch into one shader, whose workgroups they share. A dispatch before a step
   takes its rows from the data set, by the number of the step that the GPU keeps for itself; the last one writes the
   loss into a ring, counts the step, and halts the training where the loss is not finite (`kernels/control.py`).
6. `executable.py` submits the same dispatches many times over, and reads the ring when they are done, about ten times a
   second. Weights, optimizer, data set, batches and losses stay where they are. A host (`hosts/`) speaks to the GPU:
   JavaScript in the page's worker, the package wgpu on the desktop; both are given the same texts and the same list.

`print(step.prepared(x).program)` shows the Program, and the `compiled.step` of its executable's `current` all shaders
with their workgroups. Before a GPU is used for the first time it has to compute with every kind of kernel what NumPy
computes (`selftest.py`); one that fails later, or is lost, is left for another device (`backends/failover.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import DeviceError, DeviceFailure, DeviceLost
from . import hosts

if TYPE_CHECKING:
    from ...jit.program import Program
    from .executable import Executable
    from .gpu import Gpu
    from .hosts import Host

LOSSES = 3  # of devices, after which no other one is opened: something is wrong with the machine

_gpus: list[Gpu] = []  # the one in use
_lost: list[DeviceFailure] = []  # what has become of those before it
_failures: list[tuple[Host, DeviceFailure]] = []  # of a host that is not used any more


def available() -> bool:
    """Whether there is a GPU that works: the page's, or one that the package wgpu finds on the desktop."""
    return hosts.current() is not None and failure() is None


def why_not() -> str:
    """Why there is none, and what would help; "" where there is one."""
    failed = failure()
    if failed is not None:
        return str(failed)
    return "" if hosts.current() is not None else hosts.reason()


def failure() -> DeviceFailure | None:
    """What has become of a GPU that was here and is not used any more; None where there is no such thing."""
    host = hosts.current()
    return next((failed for known, failed in _failures if known is host), None)


def adapter() -> str:
    """The GPU, as it calls itself; "" where there is none."""
    host = hosts.current()
    return host.adapter if host else ""


def compile(program: Program) -> Executable:
    """The Program, ready to run. Raises Unsupported, and DeviceFailure: at the first use where the self-test fails."""
    from .executable import Executable

    return Executable(program, current())


def current() -> Gpu:
    """The GPU in use: opened anew where it was lost, and tested when it is used for the first time.

    Raises DeviceFailure for one that is not used any more, DeviceError where there is none.
    """
    from .gpu import Gpu
    from .selftest import check

    host = hosts.current()
    if host is None:
        raise DeviceError(f"webgpu: there is no GPU here ({why_not()})")
    if (known := failure()) is not None:
        raise known
    if host.lost:
        host = _renewed(host)
    if not _gpus or _gpus[0].host is not host:
        gpu = Gpu(host)
        try:
            check(gpu)
        except DeviceFailure as failed:
            _failures.append((host, failed))
            raise
        _gpus[:] = [gpu]
    return _gpus[0]


def _renewed(host: Host) -> Host:
    """A device in the place of one that was lost. Raises DeviceLost where there is none, or too many were lost."""
    failed = DeviceLost(host.lost)
    _lost.append(failed)
    found = host.renewed() if len(_lost) < LOSSES else None
    if found is None:
        _failures.append((host, failed))
        raise failed
    hosts.replace(found)
    return found
