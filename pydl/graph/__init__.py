"""The model graph: what flows where, by name scopes, as plain JSON and as a drawing."""

from .graph import Edge, Graph, Node, model_graph, program_graph

__all__ = ["Edge", "Graph", "Node", "model_graph", "program_graph"]
