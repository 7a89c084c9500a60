"""The search for hyperparameters: every candidate trained and measured on the same data, by whatever Executor is given.

Nothing here schedules work. A candidate is a function call with plain arguments, submitted to a
`concurrent.futures.Executor`: processes of this machine, or many machines by the executors of Dask or MPI.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import DataError, train_test_split
from ..random import Generator
from .base import seeded

if TYPE_CHECKING:
    from concurrent.futures import Executor

Parameters = dict[str, Any]
Sampler = Callable[[Generator], Parameters]


@dataclass(frozen=True)
class Trial:
    """A candidate and how well it did.

    parameters: of the candidate. score: the higher the better; NaN where it failed. seconds: to train and measure it.
    error: why it failed, in one line, or None. history: the curves of its training, where its `fit` leaves any
    """

    parameters: Parameters
    score: float
    seconds: float = 0.0
    error: str | None = None
    history: dict[str, list[float]] = field(default_factory=dict, repr=False)


def search(
    build: Any,
    grid: Mapping[str, Sequence[Any]] | Sampler,
    x: Any,
    y: Any,
    validation_data: tuple[Any, Any] | None = None,
    validation_fraction: float = 0.25,
    trials: int | None = None,
    fit: Mapping[str, Any] | None = None,
    scoring: Callable[[Any, Any, Any], float] | None = None,
    seed: int = 0,
    executor: Executor | None = None,
) -> list[Trial]:
    """Trains every candidate on (x, y) and returns the Trials, the best score first; those that failed come last.

    build:      an estimator, each candidate being a new one with other parameters; or a function of the candidate's
                parameters that gives an estimator or a compiled model
    grid:       {"hidden_units": [(100,), (300, 100)], "learning_rate": [0.1, 0.01]}: every combination is a candidate;
                or a sampler, a function of a `pydl.random.Generator` that gives a candidate's parameters
    validation_data: (x, y) that candidates are measured on; else a random `validation_fraction` of (x, y) is kept apart
    trials:     how many candidates: all of a grid unless given, then that many of them by chance; needed for a sampler
    fit:        further arguments of `fit`, as {"epochs": 5, "verbose": 0} for a model
    scoring:    a function (trained, x, y) that gives the score; without it an estimator's `score(x, y)`, or a model's
                accuracy (minus its loss where it has none)
    seed:       of the split, of the choice of candidates, and of every training: all begin from the same random
                numbers, so that the Trials are the same on every executor
    executor:   any `concurrent.futures.Executor`; None trains one candidate after the other, here

    A candidate that fails leaves a Trial with its error and the others as they are; only where all fail is this an
    error (RuntimeError). Raises DataError for arguments that make no search.

        search(DNNClassifier(steps=1000), {"hidden_units": [(100,), (300, 100)]}, x, y)     # here, one by one
        with ProcessPoolExecutor() as executor: search(..., executor=executor)              # this machine's processors
        search(..., executor=dask.distributed.Client("scheduler:8786").get_executor())      # Dask: many machines
        with mpi4py.futures.MPIPoolExecutor() as executor: search(..., executor=executor)   # MPI: many machines

    Between processes, what is sent must be picklable: estimators and functions at the top of a module are, lambdas are
    not. Threads take turns while an estimator trains, since a process has one default generator of random numbers.
    Source: J. Bergstra, Y. Bengio, "Random Search for Hyper-Parameter Optimization", 2012, for why to sample.
    """
    x, y = np.asarray(x), np.asarray(y)
    if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
        raise DataError(f"search: expected as many labels as samples, and at least one; received {x.shape}, {y.shape}")
    if executor is not None and not hasattr(executor, "submit"):
        raise DataError(f"search: expected executor as a concurrent.futures.Executor or None, received {executor!r}")
    candidates = _candidates(grid, trials, Generator(seed))
    if validation_data is None:
        x, x_val, y, y_val = train_test_split(x, y, test_size=validation_fraction, seed=seed)
    else:
        x_val, y_val = (np.asarray(part) for part in validation_data)
    tasks = [
        (build, parameters, x, y, x_val, y_val, dict(fit or {}), scoring, seed) for parameters in candidates
    ]
    if executor is None:
        results = [attempt(*task) for task in tasks]
    else:
        futures = [executor.submit(attempt, *task) for task in tasks]
        results = [_outcome(future, parameters) for future, parameters in zip(futures, candidates)]
    if all(trial.error for trial in results):
        raise RuntimeError(f"search: all {len(results)} candidates failed, the first with {results[0].error}")
    return sorted(results, key=lambda trial: (trial.error is not None, _descending(trial.score)))


def attempt(
    build: Any,
    parameters: Parameters,
    x: np.ndarray,
    y: np.ndarray,
    x_val: np.ndarray,
    y_val: np.ndarray,
    fit: Parameters,
    scoring: Callable[[Any, Any, Any], float] | None,
    seed: int,
) -> Trial:
    """One candidate, trained and measured: what `search` submits to an executor. Its failure is a Trial, too."""
    start = time.perf_counter()
    try:
        with seeded(seed):
            candidate = build(**parameters) if callable(build) else changed(build, parameters)
            candidate.fit(x, y, **fit)
            score = float((scoring or default_score)(candidate, x_val, y_val))
    except Exception as error:
        return Trial(parameters, math.nan, time.perf_counter() - start, _told(error))
    return Trial(parameters, score, time.perf_counter() - start, history=_history(candidate))


def changed(estimator: Any, parameters: Mapping[str, Any]) -> Any:
    """A new estimator like this one, not fitted, with some other parameters."""
    known = estimator.get_params(deep=False)
    for name in parameters:
        if name not in known:
            raise DataError(f"{type(estimator).__name__}: unknown parameter {name!r}; known are {', '.join(known)}")
    return type(estimator)(**{**known, **parameters})


def default_score(trained: Any, x: np.ndarray, y: np.ndarray) -> float:
    """An estimator's own score; a model's accuracy, or minus its loss."""
    if hasattr(trained, "score"):
        return float(trained.score(x, y))
    values = trained.evaluate(x, y, verbose=0, return_dict=True)
    return float(values["accuracy"] if "accuracy" in values else -values["loss"])


def _candidates(grid: Any, trials: int | None, generator: Generator) -> list[Parameters]:
    if trials is not None and (not isinstance(trials, (int, np.integer)) or trials < 1):
        raise DataError(f"search: expected trials as an integer above 0, received {trials!r}")
    if callable(grid):
        if trials is None:
            raise DataError("search: expected trials, the number of candidates to draw from the sampler")
        return [grid(generator) for _ in range(trials)]
    if not isinstance(grid, Mapping) or any(
        isinstance(values, str) or not isinstance(values, (Sequence, np.ndarray)) or not len(values)
        for values in grid.values()
    ):
        raise DataError(f"search: expected a grid like {{'epochs': [1, 2]}} or a sampler, received {grid!r}")
    combinations = [dict(zip(grid, values)) for values in product(*grid.values())]
    if trials is None or trials >= len(combinations):
        return combinations
    return [combinations[place] for place in sorted(generator.permutation(len(combinations))[:trials])]


def _outcome(future: Any, parameters: Parameters) -> Trial:
    """What an executor brought back; a task that did not arrive, or a worker that died, is a failure like others."""
    try:
        trial: Trial = future.result()
    except Exception as error:
        return Trial(parameters, math.nan, error=_told(error))
    return trial


def _told(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _descending(score: float) -> float:
    return math.inf if math.isnan(score) else -score


def _history(trained: Any) -> dict[str, list[float]]:
    history = getattr(trained, "history_", None) or getattr(getattr(trained, "history", None), "history", {})
    return dict(history) if isinstance(history, dict) else {}
