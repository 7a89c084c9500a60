"""Protocol buffers: the bytes that the format's description gives, and those of its own library."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydl.io.onnx import protobuf


@pytest.mark.parametrize(
    "value, encoded", [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (150, "9601"), (-1, "ffffffffffffffffff01")]
)
def test_whole_numbers_are_written_seven_bits_to_a_byte(value, encoded):
    assert protobuf.varint(value).hex() == encoded


def test_the_examples_of_the_description():
    assert protobuf.integer(1, 150).hex() == "089601"
    assert protobuf.text(2, "testing").hex() == "120774657374696e67"
    assert protobuf.data(3, protobuf.integer(1, 150)).hex() == "1a03089601"


@given(st.integers(-(2**63), 2**63 - 1), st.lists(st.integers(-(2**63), 2**63 - 1)), st.text(), st.binary())
def test_the_library_reads_what_is_written(one, many, text, content):
    onnx = pytest.importorskip("onnx")
    attribute = onnx.AttributeProto()
    attribute.ParseFromString(
        protobuf.text(1, text)
        + protobuf.real(2, 0.1)
        + protobuf.integer(3, one)
        + protobuf.data(4, content)
        + protobuf.integer(8, *many)
    )
    assert (attribute.name, attribute.i, attribute.s, list(attribute.ints)) == (text, one, content, many)
    assert attribute.f == pytest.approx(0.1)
