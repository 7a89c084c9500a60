"""Training: the loop behind `fit`, how it is watched, stopped, and what it says when a loss is not a number.

`Trainer` is the part of a model that learns: `nn.Model` is one.
"""

from . import control
from .control import TrainingStopped
from .diagnosis import NonFiniteError
from .progress import ProgressBar
from .trainer import Trainer

__all__ = ["NonFiniteError", "ProgressBar", "Trainer", "TrainingStopped", "control"]
