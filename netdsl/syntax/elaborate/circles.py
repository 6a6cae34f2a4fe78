"""Definitions of one body that need one another in a circle, which no order of the statements would help."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from netdsl.syntax import tree
from netdsl.syntax.elaborate.detach import free_names


class Circles:
    """The circles among some statements, given by the names that they define. Finding all takes time that grows with
    the text alone."""

    def __init__(self, statements: Mapping[str, tree.Statement]) -> None:
        self._needs = nx.DiGraph()
        for name, item in statements.items():
            self._needs.add_edges_from((name, other) for other in free_names(item) & statements.keys() if other != name)
        self._ring = {
            name: ring for ring in map(frozenset, nx.strongly_connected_components(self._needs)) for name in ring
        }
        self._told: set[frozenset[str]] = set()

    def joins(self, name: str, other: str) -> bool:
        """Whether each of the two needs the other."""
        return name in self._ring and other in self._ring[name]

    def way(self, name: str, other: str) -> list[str]:
        """From `other` to what needs it, and so on back to `other`, by way of `name`; empty the second time for the
        same circle, which is told once."""
        if self._ring[name] in self._told:
            return []
        self._told.add(self._ring[name])
        return [other, *nx.shortest_path(self._needs, name, other)]
