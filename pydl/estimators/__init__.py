"""Estimators: a classifier with scikit-learn's interface, the search for its parameters, and several of them voting.

Whatever trains many networks here takes any `concurrent.futures.Executor` and schedules nothing of its own.
"""

from .base import NotFittedError
from .dnn import DNNClassifier
from .ensemble import Ensemble, vote
from .tuning import Trial, search

__all__ = ["DNNClassifier", "Ensemble", "NotFittedError", "Trial", "search", "vote"]
