"""The model graph: what flows where, by name scopes, as plain JSON and as a drawing.

It is made of a Program: what was traced is gathered by the scopes in which it was written.
"""

from .graph import Edge, Graph, Node, model_graph, program_graph

__all__ = ["Edge", "Graph", "Node", "model_graph", "program_graph"]
