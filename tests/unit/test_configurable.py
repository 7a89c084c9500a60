"""Configurations: what a constructor was given, in the types that JSON knows, and back."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from pydl.configurable import ConfigError, Configurable, describe, revive
from pydl.nn import functional as F


class Weighing(Configurable):
    """Something with arguments of many kinds."""

    def __init__(self, size, function="relu", parts=(), *, rate=0.5):
        if size < 1:
            raise ValueError(f"Weighing: expected size >= 1, received {size}")
        self.size, self.parts, self.rate = size, parts, rate
        self.function = F.ACTIVATIONS[function] if isinstance(function, str) else function


@dataclass(frozen=True)
class Scaling(Configurable):
    factor: float = 2.0


class Forgetful(Configurable):
    def __init__(self, size):
        self.length = size


class Plain(Configurable):
    pass


def test_a_configuration_holds_the_arguments_by_name():
    thing = Weighing(3, parts=[Scaling(0.25), Scaling()], rate=np.float32(0.5))
    assert thing.get_config() == {
        "size": 3,
        "function": "relu",
        "parts": [
            {"class_name": "Scaling", "config": {"factor": 0.25}},
            {"class_name": "Scaling", "config": {"factor": 2.0}},
        ],
        "rate": 0.5,
    }
    assert Plain().get_config() == {}


def test_what_was_described_is_made_again_after_a_way_through_json():
    thing = Weighing(3, "tanh", [Scaling(0.25)])
    again = revive(json.loads(json.dumps(describe(thing), allow_nan=False)), Weighing)
    assert type(again) is Weighing
    assert again.get_config() == thing.get_config()
    assert again.function is F.tanh
    assert again.parts == [Scaling(0.25)]
    assert isinstance(revive(describe(Plain())), Plain)


def test_the_representation_leaves_defaults_out():
    assert repr(Weighing(3)) == "Weighing(size=3)"
    assert repr(Weighing(3, "tanh", rate=0.1)) == "Weighing(size=3, function='tanh', rate=0.1)"
    assert repr(Plain()) == "Plain()"
    assert repr(Weighing(1, parts=[Scaling(0.25)])) == "Weighing(size=1, parts=[Scaling(factor=0.25)])"
    assert "Forgetful object" in repr(Forgetful(1))


def test_an_argument_that_is_not_kept_is_named():
    with pytest.raises(ConfigError, match=r"Forgetful: its argument 'size' is not kept .* write self.size = size"):
        Forgetful(3).get_config()


@pytest.mark.parametrize("value", [lambda x: x, object(), {1: 2}, np.zeros(3), print])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ConfigError, match="cannot describe"):
        describe(value)


@pytest.mark.parametrize(
    "description, message",
    [
        ({"class_name": "Nobody", "config": {}}, "unknown class 'Nobody'"),
        ({"class_name": ["Plain"], "config": {}}, "unknown class"),
        ({"class_name": "os.system", "config": {"command": "ls"}}, "unknown class 'os.system'"),
        ({"class_name": "Scaling", "config": {}}, "expected the configuration of a Weighing, received one of Scaling"),
        ({"class_name": "Weighing", "config": [1]}, "expected the configuration of a Weighing"),
        ({"class_name": "Weighing", "config": {"size": 1, "colour": 2}}, "unknown in its configuration: colour"),
        ({"class_name": "Weighing", "config": {}}, "its configuration does not make one"),
        ({"class_name": "Weighing", "config": {"size": "a"}}, "its configuration does not make one"),
        ({"class_name": "Weighing", "config": {"size": 0}}, "expected size >= 1, received 0"),
    ],
)
def test_a_description_that_makes_nothing_is_refused_in_one_line(description, message):
    with pytest.raises(ConfigError, match=message) as error:
        revive(description, Weighing)
    assert "\n" not in str(error.value)


def test_a_class_that_borrows_a_name_of_pydl_is_not_described_as_it():
    from pydl import nn

    class Dense(nn.Module):
        def call(self, x):
            return x

    with pytest.raises(ConfigError, match="a class of pydl is called Dense, too"):
        describe(Dense())
    assert type(revive(describe(nn.Dense(3)))) is nn.Dense
