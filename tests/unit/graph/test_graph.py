"""The model graph: layers and what flows between them, read from what the model really computes."""

import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from pydl import Parameter, jit, nn
from pydl.graph import program_graph


class AroundALayer(nn.Model):
    """A way around a layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Dense(8, activation="relu")
        self.second = nn.Dense(8)

    def call(self, x):
        h = self.first(x)
        return h + self.second(h)


def mlp():
    layers = [nn.Dense(300, activation="relu", name="hidden1"), nn.Dense(10, name="outputs")]
    return nn.Sequential(layers, input_shape=(784,), name="digits")


def test_the_layers_of_a_stack_are_a_chain():
    graph = mlp().graph().to_json()
    assert json.loads(json.dumps(graph)) == graph
    assert graph["name"] == "digits"
    assert [(n["id"], n["kind"], n["type"], n["shape"], n["parameters"]) for n in graph["nodes"]] == [
        ("input", "input", "", ["batch", 784], 0),
        ("hidden1", "module", "Dense", ["batch", 300], 235_500),
        ("outputs", "module", "Dense", ["batch", 10], 3_010),
        ("output", "output", "", ["batch", 10], 0),
    ]
    assert graph["edges"] == [["input", "hidden1"], ["hidden1", "outputs"], ["outputs", "output"]]


def test_a_way_around_a_layer_is_an_edge_of_its_own():
    model = AroundALayer()
    model(np.ones((2, 8)))
    edges = {tuple(edge) for edge in model.graph().edges}
    add = next(node.id for node in model.graph().nodes if node.kind == "operation")
    assert edges == {("input", "first"), ("first", "second"), ("first", add), ("second", add), (add, "output")}


def test_without_a_depth_every_operation_is_a_node_under_its_scope_and_weights_stand_by_it():
    graph = mlp().graph(depth=None)
    nodes = {node.id: node for node in graph.nodes}
    assert {n.label for n in graph.nodes if n.scope == "hidden1"} == {"kernel", "matmul", "bias", "add", "maximum"}
    assert nodes["hidden1/kernel"].kind == "weight"
    assert nodes["hidden1/kernel"].shape == [784, 300]
    (user,) = [edge.target for edge in graph.edges if edge.source == "hidden1/kernel"]
    assert nodes[user].label == "matmul"
    assert nodes[user].shape == ["batch", 300]


def test_models_within_models_open_with_the_depth():
    inner = nn.Sequential([nn.Dense(4), nn.Dense(3)], name="inner")
    model = nn.Sequential([inner, nn.Dense(1)], input_shape=(5,))
    assert [n.id for n in model.graph().nodes if n.kind == "module"] == ["inner", "dense"]
    deep = [n for n in model.graph(depth=2).nodes if n.kind == "module"]
    assert [(n.id, n.scope, n.label) for n in deep] == [
        ("inner/dense", "inner", "dense"), ("inner/dense_1", "inner", "dense_1"), ("dense", "", "dense"),
    ]  # fmt: skip
    assert sum(n.parameters for n in deep) == model.count_parameters()


def test_functions_with_name_scopes_have_a_graph_too():
    with nn.name_scope("hidden"):
        kernel = Parameter(np.ones((3, 2)), name="kernel")

    def f(x):
        with nn.name_scope("hidden"):
            return (x @ kernel).relu()

    graph = program_graph(jit(f).program(np.ones((4, 3), np.float32)))
    assert [(n.id, n.kind, n.parameters) for n in graph.nodes] == [
        ("input", "input", 0), ("hidden", "module", 6), ("output", "output", 0),
    ]  # fmt: skip


def test_a_model_that_is_not_built_says_what_to_do():
    with pytest.raises(ValueError, match="not built yet.*pass input_shape, or fit first"):
        nn.Sequential([nn.Dense(3)]).graph()
    for depth in (0, "all"):
        with pytest.raises(ValueError, match="graph: expected depth as an integer above 0, or None"):
            nn.Sequential([nn.Dense(3)], input_shape=(2,)).graph(depth=depth)


@pytest.mark.parametrize("depth", [1, 2, None])
def test_the_drawing_is_well_formed_and_shows_every_node_inside_of_its_frame(depth):
    model = nn.Sequential([nn.Dense(4, name="<a & b>"), nn.Dense(3)], input_shape=(5,))
    graph = model.graph(depth)
    root = ElementTree.fromstring(graph.to_svg())
    ns = {"svg": "http://www.w3.org/2000/svg"}
    boxes = [r for r in root.findall(".//svg:rect", ns) if "node" in r.get("class")]
    assert len(boxes) == len(graph.nodes)
    assert len(root.findall("svg:path", ns)) == len(graph.edges)
    _, _, width, height = map(float, root.get("viewBox").split())
    corners = set()
    for box in boxes:
        x, y = float(box.get("x")), float(box.get("y"))
        assert x >= 0 and x + float(box.get("width")) <= width
        assert y >= 0 and y + float(box.get("height")) <= height
        corners.add((x, y))
    assert len(corners) == len(boxes), "two nodes in one place"
    assert {title.text for title in root.findall(".//svg:title", ns)} == {node.id for node in graph.nodes}
