"""What holds for every unit test: the same random numbers on every run, and nothing left behind for the next test."""

import pytest
from hypothesis import settings

import pydl
from pydl.autograd import modes
from pydl.backends import trials
from pydl.backends.webgpu import hosts as gpus
from pydl.train import control

# Derandomized: the same examples on every machine and every run; `slow` tests ask for thousands of their own.
settings.register_profile("pydl", derandomize=True, deadline=None, max_examples=100, database=None)
settings.load_profile("pydl")


@pytest.fixture(scope="session", autouse=True)
def trials_of_devices_are_not_remembered_beyond_the_tests(tmp_path_factory):
    """What device="auto" finds out here says nothing of the machine when it is at rest."""
    folder, before = tmp_path_factory.mktemp("cache"), trials.cache_folder
    trials.cache_folder = lambda: folder
    yield
    trials.cache_folder = before


@pytest.fixture(scope="session", autouse=True)
def there_is_no_gpu_unless_a_test_brings_one():
    """device="auto" is not to open the one of the machine in thousands of tests; those of `webgpu` register theirs."""
    gpus.register(None)
    yield
    gpus.unregister()


@pytest.fixture(autouse=True)
def a_fresh_start():
    """Seeds the default generator before a test, and holds the test to leaving no trace or request under way."""
    pydl.seed(0)
    yield
    left_behind = modes.recorder, modes.grad_enabled
    modes.recorder, modes.grad_enabled = None, True
    control.reset()
    control.set_pause(None)
    assert left_behind == (None, True), "the test left a trace or no_grad() active"
