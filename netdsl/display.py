"""What a notebook shows of a network and of a difference: a picture, and the figures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from netdsl.diagnostics import NetdslError

if TYPE_CHECKING:
    from netdsl.comparison import Comparison
    from netdsl.compiler import Network

Makers = Mapping[str, Callable[[], Any]]


def bundle(makers: Makers, include: Collection[str] | None, exclude: Collection[str] | None) -> dict[str, Any]:
    """What IPython asks `_repr_mimebundle_` for: by type, only what is wanted, without pictures that cannot be made."""
    found = {}
    for kind, make in makers.items():
        if (include is None or kind in include) and kind not in (exclude or ()):
            try:
                found[kind] = make()
            except NetdslError:  # N741: there is nothing to lay it out with
                continue
    return found


def picture(svg: bytes, alt: str) -> str:
    """An image that holds its picture: its styles and names meet nobody else's on the page."""
    data = b64encode(svg).decode("ascii")
    return f'<img alt="{escape(alt)}" style="max-width: 100%" src="data:image/svg+xml;base64,{data}">'


def shown(network: Network) -> Makers:
    """A network as a tree, as a picture with its figures below, and as the picture alone."""
    return {
        "text/plain": lambda: network.draw(format="txt", fold=True).decode("utf-8").rstrip("\n"),
        "text/html": lambda: _page(network),
        "image/svg+xml": lambda: network.draw(format="svg", fold=True).decode("utf-8"),
        "image/png": lambda: network.draw(format="png", fold=True),
    }


def _page(network: Network) -> str:
    summary = network.summary()
    figures = f"{network.name}: {summary.params:,} parameters, {summary.total.macs} MACs"
    table = summary.to_html()
    try:
        drawn = picture(network.draw(format="svg", fold=True), f"the diagram of {network.name}")
    except NetdslError:
        return table
    return f"{drawn}\n<details><summary>{escape(figures)}</summary>\n{table}\n</details>"


def compared(comparison: Comparison) -> Makers:
    """A difference as its table, and as one coloured picture above it."""
    return {
        "text/plain": lambda: str(comparison),
        "text/html": lambda: _both(comparison),
        "image/svg+xml": lambda: comparison.draw(format="svg").decode("utf-8"),
        "image/png": lambda: comparison.draw(format="png"),
    }


def _both(comparison: Comparison) -> str:
    table = f"<pre>{escape(str(comparison))}</pre>"
    try:
        return picture(comparison.draw(format="svg"), "the difference as a diagram") + "\n" + table
    except NetdslError:
        return table
