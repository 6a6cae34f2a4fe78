"""A network as one page that needs nothing else: pan, zoom, search, blocks that open, figures, and the text beside it.

The page places the boxes itself (layout.js), so that any set of blocks may be open. It fetches nothing, and its content
security policy, which names its one style and its one script by their hashes, would let it fetch nothing.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from netdsl.emit.diagram.palette import DARK, LIGHT, Colors
from netdsl.emit.page.network import Facts, network
from netdsl.files import BANNER
from netdsl.graph import Graph

CHOSEN = "#1f6feb"  # the colour of what is selected, in both themes


def page(graph: Graph, facts: Mapping[str, Facts], depth: int | None = None, theme: str = "auto") -> str:
    """The page's HTML. `facts` are the figures of nodes and blocks, by path; those of the network stand at "".

    At first blocks are open to `depth`, or as deep as there is room where it is None. `theme` is light, dark, or auto,
    the reader's own.
    """
    script, style = _part("layout.js") + _part("page.js"), _colors(theme) + _part("page.css")
    filled = {
        "title": html.escape(graph.name),
        "banner": BANNER,
        "style": style,
        "script": script,
        "style_hash": _hash(style),
        "script_hash": _hash(script),
        "network": _embedded(network(graph, facts, depth)),
    }
    pieces = [piece.partition("}") for piece in _part("page.html").split("{")]
    return pieces[0][0] + "".join(filled[name] + rest for name, _, rest in pieces[1:])


def _part(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def _colors(theme: str) -> str:
    """The palette as variables of the style sheet."""
    if theme != "auto":
        return f":root {{ color-scheme: {theme}; }}\n{_variables(DARK if theme == 'dark' else LIGHT)}"
    dark = f"@media (prefers-color-scheme: dark) {{\n{_variables(DARK)}}}\n"
    return f":root {{ color-scheme: light dark; }}\n{_variables(LIGHT)}{dark}"


def _variables(colors: Colors) -> str:
    plain = {name: value for name, value in colors._asdict().items() if isinstance(value, str)}
    lines = [f":root {{ {' '.join(f'--{name}: {value};' for name, value in plain.items())} --chosen: {CHOSEN}; }}"]
    lines += [f".k-{kind} {{ --bar: {bar}; --tint: {colors.tints[kind]}; }}" for kind, bar in colors.bars.items()]
    return "\n".join([*lines, ""])


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(value: Any) -> str:
    """JSON that may stand in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


__all__ = ["page"]
