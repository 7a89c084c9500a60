"""What goes wrong with devices: one that is not here, a Program that it cannot run, a step that broke off.

They stand below the backends, which raise them, and below their hosts.
"""

from __future__ import annotations


class DeviceError(ValueError):
    """A device that is not known, or not available here."""


class Unsupported(DeviceError):
    """A Program that a backend cannot run, and why: raised when it is compiled, before anything is changed."""


class ExecutionError(RuntimeError):
    """A step that broke off: out of memory, or a trap. The parameters are those of the last finished step."""


class DeviceFailure(ExecutionError):
    """A device that cannot go on, and what it kept is gone: training goes on elsewhere (`failover.py`).

    cause: the kind, a word for programs: "lost", "memory", "invalid" or "wrong"
    """

    cause = "lost"


class DeviceLost(DeviceFailure):
    """The device is gone: unplugged, reset by its driver, or taken by the browser."""


class OutOfDeviceMemory(DeviceFailure):
    """The device has no memory for what was to be made; what it holds already is still there."""

    cause = "memory"


class InvalidOnDevice(DeviceFailure):
    """The device refuses what pydl made for it, or a command failed: the message names what was being made."""

    cause = "invalid"


class WrongNumbers(DeviceFailure):
    """The device computes something else than NumPy does: found by the self-test."""

    cause = "wrong"
