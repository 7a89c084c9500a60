"""What tests of lessons share: a run with its figures, and real MNIST where there is some."""

import pytest

from pydl import callbacks, lessons
from pydl.data import DataError
from pydl.train import TrainingStopped, control
from tests.support.full_lessons import FULL


@pytest.fixture(scope="session")
def watch():
    """Runs a lesson: its outcome, and the figures that it showed by "kind:name", each a list in their order."""

    def run(lesson, **options):
        shown = {}

        def listener(kind, data):
            shown.setdefault(f"{kind}:{data['name']}" if "name" in data else kind, []).append(data)

        with lessons.listening(listener):
            outcome = lessons.run(lesson, **options)
        return outcome, shown

    return run


@pytest.fixture(scope="session")
def on_mnist():
    """Runs a lesson on MNIST and gives its result; skips where there is no MNIST."""

    def run(lesson, **options):
        try:
            return lessons.run(lesson, **options)["result"]
        except DataError as error:
            pytest.skip(f"no MNIST on this machine: {error}")

    return run


@pytest.fixture
def full(capsys):
    """Runs a lesson whole, by its name in `FULL`, and holds it to what is expected; skips where there is no MNIST."""

    def run(name):
        lesson, options, check = FULL[name]
        try:
            outcome = lessons.run(lesson, **options)
        except DataError as error:
            pytest.skip(f"no MNIST on this machine: {error}")
        check(outcome, capsys.readouterr().out)

    return run


class StopAt(callbacks.Callback):
    """Asks for a stop after so many batches of a lesson's nth training."""

    def __init__(self, training, batches):
        self.wanted = training, batches
        self.begun = self.batches = 0

    def on_train_begin(self, logs):
        self.begun += 1
        self.batches = 0

    def on_train_batch_end(self, batch, logs):
        self.batches += 1
        if (self.begun, self.batches) == self.wanted:
            control.request_stop()


@pytest.fixture(scope="session")
def history_of_stopped():
    """Stops a lesson and gives the history of the training that was under way: nothing may have run after the stop."""

    def run(lesson, training, batches, **options):
        with callbacks.observing(StopAt(training, batches)) as watching, pytest.raises(TrainingStopped) as stopped:
            lessons.run(lesson, **options)
        assert (watching.begun, watching.batches) == (training, batches)
        return stopped.value.history

    return run
