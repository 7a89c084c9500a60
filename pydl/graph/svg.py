"""A graph as an SVG drawing: rows from the input down, scopes as boxes around what is in them.

Plain text without any library, so that a notebook, the page and a file show the same picture.
"""

from __future__ import annotations

from html import escape

from .graph import Edge, Graph, Node

_WIDTH, _HEIGHT = 172, 54  # of a node, in pixels
_GAP_X, _GAP_Y = 28, 34
_MARGIN = 24
_CHARACTER = 6.6  # pixels of a letter in the smaller type, on average

_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2430; text-anchor: middle }
.label { font-size: 13px; font-weight: 600 }
.scope-label { font-size: 11px; text-anchor: start; fill: #5b6375 }
.node { fill: #ffffff; stroke: #5b6375 }
.module { fill: #e7efff; stroke: #3b63c4 }
.input, .output { fill: #e9f6ec; stroke: #2f7d46 }
.weight { fill: #fdf1dc; stroke: #9a6512; stroke-dasharray: 4 3 }
.scope { fill: none; stroke: #b4bac8; stroke-dasharray: 2 3 }
.edge { fill: none; stroke: #5b6375; stroke-width: 1.3 }
.head { fill: #5b6375 }
@media (prefers-color-scheme: dark) {
  text { fill: #e8eaf0 } .scope-label { fill: #a4acbd }
  .node { fill: #1d212b; stroke: #a4acbd } .module { fill: #1d2c4d; stroke: #86a8ff }
  .input, .output { fill: #173322; stroke: #6fcf8b } .weight { fill: #3a2c12; stroke: #e0ac55 }
  .scope { stroke: #5b6375 } .edge { stroke: #a4acbd } .head { fill: #a4acbd }
}
""".strip()


def draw(graph: Graph) -> str:
    """The SVG document."""
    places = _places(graph)
    width = max((x for x, _ in places.values()), default=0.0) + _WIDTH + _GAP_X + _MARGIN
    height = max((y for _, y in places.values()), default=0.0) + _HEIGHT + _MARGIN
    layers = ", ".join(node.label for node in graph.nodes)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="{escape(f"{graph.name}: {layers}")}">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
        *_scopes(graph, places),
        *(_edge(places[edge.source], places[edge.target]) for edge in graph.edges),
        *(_node(node, *places[node.id]) for node in graph.nodes),
        "</svg>",
    ]
    return "\n".join(parts)


def _places(graph: Graph) -> dict[str, tuple[float, float]]:
    """Where the corners are: each as many rows down as its longest way from an input, weights beside their use."""
    row = {node.id: 0 for node in graph.nodes}
    for edge in _downward(graph):
        row[edge.target] = max(row[edge.target], row[edge.source] + 1)
    fed = {edge.target for edge in graph.edges}
    for node in graph.nodes:
        used = [row[edge.target] for edge in graph.edges if edge.source == node.id]
        if node.id not in fed and node.kind != "input" and used:
            row[node.id] = min(used)
    rows: dict[int, list[Node]] = {}
    for node in graph.nodes:
        rows.setdefault(row[node.id], []).append(node)
    places: dict[str, tuple[float, float]] = {}
    for number, nodes in rows.items():
        nodes.sort(key=lambda node: node.kind == "weight")  # the flow first, weights beside it; else as computed
        for column, node in enumerate(nodes):
            places[node.id] = (_MARGIN + column * (_WIDTH + _GAP_X), _MARGIN + number * (_HEIGHT + _GAP_Y))
    return places


def _downward(graph: Graph) -> list[Edge]:
    """The edges in an order in which every node's own row is known before it is used."""
    order = {node.id: number for number, node in enumerate(graph.nodes)}
    return sorted(graph.edges, key=lambda edge: max(order[edge.source], order[edge.target]))


def _node(node: Node, x: float, y: float) -> str:
    shape = f"({', '.join(map(str, node.shape))})" if node.shape else ""
    size = f"{node.parameters:,} parameters" if node.parameters and node.kind != "weight" else ""
    lines = [line for line in (" ".join(part for part in (node.type, shape) if part), size) if line]
    lines = [_shortened(line) for line in lines]
    centre = x + _WIDTH / 2
    first = y + _HEIGHT / 2 + 4 - 7.5 * len(lines)
    texts = [f'<text class="label" x="{centre:g}" y="{first:g}">{escape(_shortened(node.label))}</text>']
    for index, line in enumerate(lines, start=1):
        texts.append(f'<text x="{centre:g}" y="{first + 15 * index:g}">{escape(line)}</text>')
    return (
        f'<g><title>{escape(node.id)}</title><rect class="node {node.kind}" x="{x:g}" y="{y:g}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" rx="7"/>{"".join(texts)}</g>'
    )


def _shortened(text: str) -> str:
    most = int(_WIDTH / _CHARACTER)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _edge(source: tuple[float, float], target: tuple[float, float]) -> str:
    x1, y1 = source[0] + _WIDTH / 2, source[1] + _HEIGHT
    x2, y2 = target[0] + _WIDTH / 2, target[1]
    if source[1] == target[1]:  # a weight beside its use
        y = source[1] + _HEIGHT / 2
        way = f"M{source[0]:g} {y:g} L{target[0] + _WIDTH:g} {y:g}"
    elif y2 - y1 > _HEIGHT:  # past other rows: around the nodes in between, on the right
        x1, x2 = source[0] + _WIDTH, target[0] + _WIDTH
        y1, y2 = y1 - _HEIGHT / 2, y2 + _HEIGHT / 2
        aside = max(x1, x2) + _GAP_X
        way = f"M{x1:g} {y1:g} C{aside:g} {y1:g} {aside:g} {y2:g} {x2:g} {y2:g}"
    else:
        bend = _GAP_Y / 2
        way = f"M{x1:g} {y1:g} C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2:g}"
    return f'<path class="edge" marker-end="url(#head)" d="{way}"/>'


def _scopes(graph: Graph, places: dict[str, tuple[float, float]]) -> list[str]:
    """A dotted box around the nodes of each scope that is not itself a node."""
    around: dict[str, list[tuple[float, float]]] = {}
    for node in graph.nodes:
        parts = node.scope.split("/") if node.scope else []
        for length in range(1, len(parts) + 1):
            around.setdefault("/".join(parts[:length]), []).append(places[node.id])
    boxes = []
    for scope in sorted(around, key=lambda path: path.count("/")):
        deep = 9 - 3 * min(scope.count("/"), 2)  # inner boxes lie inside of outer ones
        left = min(x for x, _ in around[scope]) - deep
        top = min(y for _, y in around[scope]) - deep - 5
        right = max(x for x, _ in around[scope]) + _WIDTH + deep
        bottom = max(y for _, y in around[scope]) + _HEIGHT + deep
        boxes.append(
            f'<rect class="scope" x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" rx="9"/>'
            f'<text class="scope-label" x="{left + 6:g}" y="{top - 2:g}">{escape(scope)}</text>'
        )
    return boxes
