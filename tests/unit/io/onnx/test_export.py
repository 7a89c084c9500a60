"""ONNX files: ONNX's checker passes them, and its runtime computes what the model does, layer by layer."""

import numpy as np
import pytest

import pydl
from pydl import nn
from pydl.io import FileError, export_onnx, onnx_bytes
from pydl.io.onnx import layers as table
from pydl.nn.functional import ACTIVATIONS
from tests.unit.nn.layer_check import CASES

BATCH = 4


def with_random_weights(model):
    """The model with weights that hide no mistake: none is 0 or 1, and variances are above 0."""
    random = np.random.default_rng(11)
    model.set_weights(
        {
            path: random.uniform(0.5, 2, weight.shape) if weight.dtype.kind == "f" else weight.numpy()
            for path, weight in model.named_weights().items()
        }
    )
    for path, weight in model.named_weights().items():
        if path.endswith(("kernel", "bias", "beta", "moving_mean")):
            weight.assign(random.normal(size=weight.shape).astype(weight.dtype))
    return model


def check(model, shape, tolerance=1e-5):
    """The file is valid, and the runtime's outputs for a batch, and for a single sample, are the model's."""
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime has no wheels for this machine")
    content = onnx_bytes(model)
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (given,), (output,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.shape) == ("input", ["batch", *shape])
    assert (output.name, output.shape) == ("output", ["batch", *model.output_shape(shape)])
    x = np.random.default_rng(12).normal(size=(BATCH, *shape), scale=2).astype(np.float32)
    for batch in (x, x[:1]):
        (found,) = session.run(None, {"input": batch})
        expected = model.predict(batch)
        assert found.shape == expected.shape and found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind, options, shape", CASES, ids=lambda part: getattr(part, "__name__", None))
def test_every_layer_and_option(kind, options, shape):
    check(with_random_weights(nn.Sequential([kind(**options)], input_shape=shape)), shape)


def test_every_layer_and_activation_of_the_package_is_in_the_tables():
    layers = {value for value in vars(nn).values() if isinstance(value, type) and issubclass(value, nn.Module)}
    assert set(table.LAYERS) >= layers - {nn.Module, nn.Model, nn.Sequential}
    assert {ACTIVATIONS[name] for name in table.ACTIVATIONS} == set(ACTIVATIONS.values())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_within_dense_and_convolution(activation):
    model = nn.Sequential(
        [nn.Conv2D(3, 2, activation=activation), nn.Flatten(), nn.Dense(4, activation=activation)],
        input_shape=(3, 3, 2),
    )
    check(with_random_weights(model), (3, 3, 2))


@pytest.mark.parametrize("size", [4, 5, 6, 7])
@pytest.mark.parametrize("strides", [1, 2, 3])
@pytest.mark.parametrize("window", [1, 2, 3, 4])
def test_the_edges_of_same_padding(size, strides, window):
    shape = (size, size + 1, 1)
    model = nn.Sequential(
        [
            nn.Conv2D(2, window, strides, "same"),
            nn.MaxPooling2D(window, 1, "same"),
            nn.AveragePooling2D(window, 1, "same"),
        ],
        input_shape=shape,
    )
    check(with_random_weights(model), shape)


@pytest.mark.parametrize("axis", [-1, 1, 2, 3])
def test_features_in_any_axis_are_normalized_after_a_convolution(axis):
    model = nn.Sequential([nn.Conv2D(4, 2), nn.BatchNormalization(axis=axis)], input_shape=(4, 6, 1))
    check(with_random_weights(model), (4, 6, 1))


def test_a_whole_convolutional_network():
    model = nn.Sequential(
        [
            nn.Reshape((12, 12, 1)),
            nn.Conv2D(6, 3, activation="relu", padding="same"),
            nn.BatchNormalization(),
            nn.MaxPooling2D(),
            nn.Sequential([nn.Conv2D(8, 3, use_bias=False), nn.BatchNormalization(), nn.Activation("gelu")], name="b"),
            nn.AveragePooling2D(),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Maxout(10, 3),
            nn.BatchNormalization(),
            nn.Dense(5, activation="softmax"),
        ],
        input_shape=(144,),
    )
    check(model, (144,))


def test_images_are_turned_around_once_on_the_way_in_and_once_on_the_way_out():
    onnx = pytest.importorskip("onnx")
    model = nn.Sequential(
        [nn.Conv2D(2, 2, activation="swish"), nn.BatchNormalization(), nn.MaxPooling2D(), nn.Dropout(0.1)],
        input_shape=(6, 6, 1),
    )
    nodes = [node.op_type for node in onnx.load_from_string(onnx_bytes(model)).graph.node]
    assert nodes.count("Transpose") == 2 and nodes.index("Transpose") == 0


def test_nodes_and_constants_are_named_after_their_layers():
    onnx = pytest.importorskip("onnx")
    model = nn.Sequential(
        [nn.Dense(2, name="hidden"), nn.Sequential([nn.Dense(2, name="hidden")], name="top")], input_shape=(2,)
    )
    graph = onnx.load_from_string(onnx_bytes(model)).graph
    assert [constant.name for constant in graph.initializer] == [
        "hidden/kernel", "hidden/bias", "top/hidden/kernel", "top/hidden/bias",
    ]  # fmt: skip
    assert [node.name for node in graph.node][:3] == ["hidden/MatMul", "hidden/Add", "top/hidden/MatMul"]


def test_a_model_without_any_node_gives_back_its_input():
    check(nn.Sequential([nn.Dropout(0.5)], input_shape=(3,)), (3,))


def test_a_model_in_float64_stays_so():
    onnx = pytest.importorskip("onnx")
    model = nn.Sequential([nn.Dense(2)], input_shape=(3,))
    model.layers[0].kernel = pydl.Parameter(model.layers[0].kernel.numpy().astype(np.float64))
    proto = onnx.load_from_string(onnx_bytes(model))
    onnx.checker.check_model(proto, full_check=True)
    assert proto.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.DOUBLE


def test_a_model_that_is_not_built_needs_an_input_shape(tmp_path):
    with pytest.raises(FileError, match="m.onnx: expected a model that is built; pass input_shape"):
        export_onnx(nn.Sequential([nn.Dense(2)]), tmp_path / "m.onnx")
    model = nn.Sequential([nn.Dense(2)])
    export_onnx(model, tmp_path / "m.onnx", input_shape=(3,))
    assert model.built and (tmp_path / "m.onnx").read_bytes() == onnx_bytes(model)


class Doubled(nn.Module):
    def call(self, x):
        return x * 2


class Bypass(nn.Model):
    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(3)

    def call(self, x):
        return x + self.dense(x)


class Reversed(nn.Sequential):
    def call(self, x):
        for layer in self.layers[::-1]:
            x = layer(x)
        return x


def halved(x):
    return x / 2


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: nn.Sequential([nn.Dense(3), Doubled(name="twice")]), r"twice \(Doubled\): cannot be exported"),
        (lambda: nn.Sequential([nn.Sequential([Doubled()], name="a")]), r"a/doubled \(Doubled\): cannot be exported"),
        (Bypass, r"bypass \(Bypass\): cannot be exported; expected a Sequential of Activation, .*Reshape"),
        (lambda: Reversed([nn.Dense(3)]), r"\(Reversed\): cannot be exported"),
        (lambda: nn.Sequential([nn.Dense(3, activation=halved)]), r"\(Dense\): its activation halved is not one of"),
    ],
)
def test_what_only_python_can_compute_is_refused_by_name(tmp_path, make, message):
    with pytest.raises(FileError, match=message):
        export_onnx(make(), tmp_path / "model.onnx", input_shape=(3,))
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_is_one_line(tmp_path):
    with pytest.raises(FileError, match="cannot be written .No such file"):
        export_onnx(nn.Sequential([nn.Dense(2)], input_shape=(2,)), tmp_path / "none" / "model.onnx")
