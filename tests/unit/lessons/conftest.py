"""What tests of lessons share: a run with its figures, and real MNIST where there is some."""

import pytest

from pydl import lessons
from pydl.data import DataError


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
