"""Names for objects."""

import pytest

from pydl.registry import resolve

TABLE = {"a": 1, "b": 2}


def test_a_name_is_looked_up_and_a_function_taken_as_it_is():
    assert resolve("thing", TABLE, "b") == 2
    assert resolve("thing", TABLE, len) is len


def test_mistakes_say_what_was_expected():
    with pytest.raises(ValueError, match="unknown thing 'c': known are a, b"):
        resolve("thing", TABLE, "c")
    with pytest.raises(TypeError, match="thing: expected a name or an object, received 7; names are a, b"):
        resolve("thing", TABLE, 7)


def test_a_name_may_be_written_as_its_class_is():
    table = {"he_normal": 1, "adamw": 2, "mean_squared_error": 3}
    assert [resolve("thing", table, name) for name in ("HeNormal", "AdamW", "MeanSquaredError")] == [1, 2, 3]
