"""Ensembles: several networks that vote. Each is wrong elsewhere, so that together they are wrong less often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .. import random
from ..data import DataError
from ..nn import functional as F
from .base import Estimator, NotFittedError, labels_of
from .tuning import changed

if TYPE_CHECKING:
    from concurrent.futures import Executor

VOTING = ("soft", "hard")


def shares(probabilities: Any, voting: str = "soft", weights: Any = None) -> np.ndarray:
    """What each class gets of the vote, (n, classes), rows that sum to 1. Arguments as for `vote`. Raises DataError."""
    members = np.asarray(probabilities)
    if members.ndim != 3 or not len(members) or members.dtype.kind != "f":
        raise DataError(
            "vote: expected probabilities of shape (members, samples, classes), as many from every member; "
            f"received {members.dtype} of shape {members.shape}"
        )
    if voting not in VOTING:
        raise DataError(f'vote: expected voting as "soft" or "hard", received {voting!r}')
    weights = np.ones(len(members)) if weights is None else np.asarray(weights, np.float64)
    if weights.shape != (len(members),) or not np.isfinite(weights).all() or weights.min() < 0 or not weights.any():
        raise DataError(f"vote: expected {len(members)} weights from 0, not all of them 0, received {weights.tolist()}")
    if voting == "hard":
        members = members.argmax(axis=2)[..., None] == np.arange(members.shape[2])
    result: np.ndarray = np.average(members, axis=0, weights=weights)
    return result


def vote(probabilities: Any, voting: str = "soft", weights: Any = None) -> np.ndarray:
    """The class numbers (n,) that win the vote; of equals the first. Raises DataError.

    probabilities: (members, n, classes). weights: (members,), how much each vote counts; all alike unless given.
    voting: "soft" takes the mean of the probabilities; "hard" gives each member one vote, for its most probable class.
    """
    result: np.ndarray = shares(probabilities, voting, weights).argmax(axis=1)
    return result


@dataclass(eq=False, repr=False)
class Ensemble(Estimator):
    """Classifiers that vote.

    estimators: estimators, which `fit` trains anew, or that are trained already; or trained models: rows of outputs
                from 0 that sum to 1 are taken for probabilities, others for logits, of the classes 0, 1, ...
    voting:     "soft": the mean of the probabilities decides. "hard": each has one vote
    weights:    how much each one's vote counts; all alike unless given

    Fitted, it has estimators_ (the trained ones) and classes_. Sources: scikit-learn's `VotingClassifier`; for why it
    helps, T. Dietterich, "Ensemble Methods in Machine Learning", 2000.
    """

    estimators: Sequence[Any] = ()
    voting: str = "soft"
    weights: Sequence[float] | None = None

    def fit(self, X: Any, y: Any, executor: Executor | None = None, **options: Any) -> Self:
        """Trains a copy of each estimator on all of (X, y).

        executor: any `concurrent.futures.Executor` (see `search` for Dask's and MPI's); None trains one after the other
        options:  further arguments of every estimator's `fit`

        An estimator whose random_state is None gets one from pydl's default generator, so that no two are the same, in
        whatever process they are trained. Raises DataError, or whatever the first that fails raises.
        """
        where = "Ensemble.fit"
        members = self._members()
        if trained := [member for member in members if not hasattr(member, "get_params")]:
            raise DataError(
                f"{where}: expected estimators, received {type(trained[0]).__name__}: models vote as they are, "
                "trained before by their own fit"
            )
        X, y = np.asarray(X), labels_of(y, where, len(X))
        tasks = [(_with_seed(member), X, y, options) for member in members]
        if executor is None:
            self.estimators_ = [fitted(*task) for task in tasks]
        else:
            futures = [executor.submit(fitted, *task) for task in tasks]
            self.estimators_ = [future.result() for future in futures]
        self.classes_ = self.estimators_[0].classes_
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """What each class gets of the vote: (n, classes), rows that sum to 1."""
        return shares(self.member_probabilities(X), self.voting, self.weights)

    def predict(self, X: Any) -> np.ndarray:
        """The label that wins the vote, for every sample; of equals the first."""
        return self._labels(self.predict_proba(X))

    def member_probabilities(self, X: Any) -> np.ndarray:
        """Each member's probabilities: (members, n, classes). Raises NotFittedError, DataError."""
        members = self._trained()
        outputs = [_probabilities(member, X) for member in members]
        if len({output.shape for output in outputs}) > 1:
            shapes = ", ".join(str(output.shape) for output in outputs)
            raise DataError(f"Ensemble: expected members that know the same classes, received outputs of {shapes}")
        return np.stack(outputs)

    def member_scores(self, X: Any, y: Any) -> list[float]:
        """The accuracy of each member by itself."""
        y = np.ravel(np.asarray(y))
        return [float(np.mean(self._labels(output) == y)) for output in self.member_probabilities(X)]

    def _members(self) -> list[Any]:
        members = list(self.estimators)
        if not members:
            raise DataError("Ensemble: expected at least one estimator or model, received none")
        for member in members:
            if not hasattr(member, "predict"):
                raise DataError(f"Ensemble: expected estimators or models, received {member!r}")
        return members

    def _trained(self) -> list[Any]:
        """The members that `fit` has trained, or those that were given where all of them are trained already."""
        if hasattr(self, "estimators_"):
            return self.estimators_
        members = self._members()
        if any(hasattr(member, "get_params") and not hasattr(member, "classes_") for member in members):
            raise NotFittedError("Ensemble: expected fit(X, y) before predictions; its estimators were not fitted yet")
        return members

    def _labels(self, probabilities: np.ndarray) -> np.ndarray:
        """The label of the largest number in every row."""
        known = [member.classes_ for member in self._trained() if hasattr(member, "classes_")]
        classes = known[0] if known else np.arange(probabilities.shape[1])
        if any(not np.array_equal(other, classes) for other in known):
            raise DataError("Ensemble: expected members that know the same labels, received members of different ones")
        labels: np.ndarray = classes[probabilities.argmax(axis=1)]
        return labels


def fitted(estimator: Any, X: Any, y: Any, options: dict[str, Any]) -> Any:
    """The estimator, trained: what `Ensemble.fit` submits to an executor."""
    return estimator.fit(X, y, **options)


def _with_seed(estimator: Any) -> Any:
    """A new estimator like this one; where it has no random_state, with one of its own."""
    if estimator.get_params(deep=False).get("random_state", 0) is not None:
        return changed(estimator, {})
    return changed(estimator, {"random_state": int(random.default.bits(1)[0])})


def _probabilities(member: Any, X: Any) -> np.ndarray:
    if hasattr(member, "predict_proba"):
        return np.asarray(member.predict_proba(X))
    outputs = np.asarray(member.predict(X))
    if outputs.ndim != 2 or outputs.shape[1] < 2:
        raise DataError(
            f"Ensemble: expected models with one output per class (n, classes), received outputs {outputs.shape}"
        )
    if outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        return outputs
    return F.softmax(outputs).numpy()
