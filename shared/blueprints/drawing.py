"""A blueprint as a picture: an SVG with a column for each level and an arrow for each link."""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from shared.blueprints.folders import Export
from shared.blueprints.graph import Graph, Place

_WIDTH: Final = 300
_HEIGHT: Final = 86
_GAP_X: Final = 90
_GAP_Y: Final = 34
_MARGIN: Final = 32
_HEAD: Final = 64
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', sans-serif"
_LETTER: Final = 0.6
"""How wide a letter is, as a part of its size."""


def draw(export: Export) -> str:
    """The SVG's text."""
    graph = export.graph
    spots = dict(_spots(graph))
    width = max(x for x, _ in spots.values()) + _WIDTH + _MARGIN
    height = max(y for _, y in spots.values()) + _HEIGHT + _MARGIN + _GAP_Y
    size = {"viewBox": f"0 0 {width} {height}", "width": str(width), "height": str(height)}
    picture = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "font-family": _FONT, **size})
    SubElement(picture, "title").text = _plain(export.blueprint.name)
    about = export.description or f"{len(graph.places)} RPCs in {len(graph.levels)} levels"
    SubElement(picture, "desc").text = _plain(about)
    _arrow_head(picture)
    SubElement(picture, "rect", width="100%", height="100%", fill="#ffffff")
    _text(picture, _MARGIN, 40, export.blueprint.name, size="20", colour="#0f172a", weight="600")
    for one, other in graph.links:
        _arrow(picture, spots[one], spots[other], export.rpc(one).output_stream)
    for place, spot in spots.items():
        _box(picture, export, place, spot)
    indent(picture)
    return tostring(picture, encoding="unicode") + "\n"


def _spots(graph: Graph) -> Iterator[tuple[Place, tuple[int, int]]]:
    """The upper left corner of each box; columns are centred on one another."""
    most = max(map(len, graph.levels))
    for column, level in enumerate(graph.levels):
        free = (most - len(level)) * (_HEIGHT + _GAP_Y) // 2
        for row, place in enumerate(level):
            yield place, (_MARGIN + column * (_WIDTH + _GAP_X), _HEAD + free + row * (_HEIGHT + _GAP_Y))


def _arrow_head(picture: Element) -> None:
    marker = SubElement(SubElement(picture, "defs"), "marker", id="head", orient="auto", viewBox="0 0 10 10")
    marker.attrib |= {"refX": "9", "refY": "5", "markerWidth": "8", "markerHeight": "8"}
    SubElement(marker, "path", d="M0 0 L10 5 L0 10 z", fill="#475569")


def _arrow(picture: Element, start: tuple[int, int], end: tuple[int, int], streams: bool) -> None:
    """From the right of one box to the left of another; below the boxes that lie between them."""
    x, y = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    to_x, to_y = end[0], end[1] + _HEIGHT // 2
    if to_x - x > _GAP_X:
        low = max(start[1], end[1]) + _HEIGHT + _GAP_Y - 4
        bend = _GAP_X // 2
        path = f"M{x} {y} C{x + bend} {y} {x + bend - 10} {low} {x + _GAP_X} {low} L{to_x - _GAP_X} {low} "
        path += f"C{to_x - bend + 10} {low} {to_x - bend} {to_y} {to_x} {to_y}"
    else:
        bend = (to_x - x) // 2
        path = f"M{x} {y} C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
    arrow = SubElement(picture, "path", d=path, fill="none", stroke="#475569")
    arrow.attrib |= {"stroke-width": "1.6", "marker-end": "url(#head)"}
    if streams:
        arrow.set("stroke-dasharray", "6 4")


def _box(picture: Element, export: Export, place: Place, spot: tuple[int, int]) -> None:
    x, y = spot
    rpc = export.rpc(place)
    group = SubElement(picture, "g")
    SubElement(group, "title").text = f"{rpc.path}\n{_flow(export, place)}"
    box = SubElement(group, "rect", x=str(x), y=str(y), width=str(_WIDTH), height=str(_HEIGHT), rx="10")
    box.attrib |= {"fill": "#f1f5f9", "stroke": "#94a3b8"}
    _text(group, x + 14, y + 26, place[0], size="15", colour="#0f172a", weight="600")
    _text(group, x + 14, y + 47, place[1], size="14", colour="#1d4ed8")
    _text(group, x + 14, y + 69, _flow(export, place), size="11", colour="#475569")


def _flow(export: Export, place: Place) -> str:
    rpc = export.rpc(place)
    ways = ((rpc.input.name, rpc.input_stream), (rpc.output.name, rpc.output_stream))
    return " → ".join(f"stream {name}" if streams else name for name, streams in ways)


def _text(parent: Element, x: int, y: int, text: str, *, size: str, colour: str, weight: str = "400") -> None:
    most = int((_WIDTH - 28) / (_LETTER * int(size))) if parent.tag == "g" else 80
    shown = text if len(text) <= most else text[: most - 1] + "…"
    place = {"x": str(x), "y": str(y), "font-size": size, "fill": colour, "font-weight": weight}
    SubElement(parent, "text", place).text = _plain(shown)


def _plain(text: str) -> str:
    """Without control characters, which XML has no place for."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
