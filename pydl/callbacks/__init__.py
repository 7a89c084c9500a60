"""Callbacks: what happens beside training. Names, arguments and defaults as in Keras 3."""

from .base import HOOKS, Callback, CallbackList, EpochLogs, History, Logs, observers, observing
from .files import CSVLogger, ModelCheckpoint
from .monitor import EarlyStopping, Monitor, ReduceLROnPlateau
from .rates import LearningRateScheduler
from .simple import LambdaCallback, TerminateOnNaN

__all__ = [
    "HOOKS",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "EpochLogs",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "Logs",
    "ModelCheckpoint",
    "Monitor",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
    "observers",
    "observing",
]
