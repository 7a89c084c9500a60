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
