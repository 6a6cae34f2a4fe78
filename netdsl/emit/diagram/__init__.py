"""Diagrams: a graph to a picture, or to the text of one, in the format that is asked for."""

from __future__ import annotations

from collections.abc import Callable

from netdsl.emit.diagram.choose import diagram
from netdsl.emit.diagram.data import to_json
from netdsl.emit.diagram.diagram import Diagram
from netdsl.emit.diagram.dot import to_dot
from netdsl.emit.diagram.drawing import Drawing
from netdsl.emit.diagram.mermaid import to_mermaid
from netdsl.emit.diagram.outline import to_outline
from netdsl.emit.diagram.place import place

TEXTS: dict[str, Callable[[Diagram, str], str]] = {
    "txt": lambda found, direction: to_outline(found),
    "dot": to_dot,
    "mmd": to_mermaid,
    "json": lambda found, direction: to_json(found),
}
FORMATS = ("svg", "png", "pdf", *TEXTS)
DIRECTIONS = ("TB", "LR")
THEMES = ("auto", "light", "dark")


def emit_diagram(found: Diagram, format: str, direction: str = "TB", theme: str = "auto", source: str = "") -> bytes:
    """A diagram in one of FORMATS, as the bytes of its file. `source` is the name of the text, for the banner.

    Raises NetdslError N741 where pictures cannot be made.
    """
    if format in TEXTS:
        return TEXTS[format](found, direction).encode("utf-8")
    return emit_drawing(place(found, direction), format, theme, source)


def emit_drawing(drawing: Drawing, format: str, theme: str = "auto", source: str = "") -> bytes:
    """A picture as svg, pdf or png."""
    from netdsl.emit.diagram.pdf import to_pdf
    from netdsl.emit.diagram.png import to_png
    from netdsl.emit.diagram.svg import to_svg

    if format == "svg":
        return to_svg(drawing, theme, source).encode("utf-8")
    return to_pdf(drawing, theme) if format == "pdf" else to_png(to_pdf(drawing, theme))


__all__ = ["DIRECTIONS", "FORMATS", "THEMES", "Diagram", "Drawing", "diagram", "emit_diagram", "emit_drawing", "place"]
