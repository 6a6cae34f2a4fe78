"""Going through a tree without recursion, whatever its nodes are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from netdsl.source import Source

_PLACES = ("Span", "Source")
_PARTS: dict[type, tuple[str, ...] | None] = {Source: None}


def parts(kind: type) -> tuple[str, ...] | None:
    """The fields of a node that say something, which is all but its places; None for what is no node."""
    if kind not in _PARTS:
        said = [entry.name for entry in fields(kind) if entry.type not in _PLACES] if is_dataclass(kind) else None
        _PARTS[kind] = None if said is None else tuple(said)
    return _PARTS[kind]


def nodes(roots: Iterable[object]) -> Iterator[Any]:
    """Every node at and below `roots`, parents before their parts."""
    stack = [*roots]
    stack.reverse()
    while stack:
        node = stack.pop()
        if type(node) is tuple:
            stack += reversed(node)
            continue
        names = parts(type(node))
        if names is not None:
            yield node
            stack += [getattr(node, name) for name in reversed(names)]


def signature(roots: Iterable[object]) -> list[Any]:
    """What a tree says, without its places: equal for two trees that differ in their layout alone."""
    said: list[Any] = []
    stack: list[Any] = [tuple(roots)]
    while stack:
        node = stack.pop()
        if type(node) is tuple:
            said.append(len(node))
            stack += node
            continue
        names = parts(type(node))
        if names is None:
            said.append(node)
        else:
            said.append(type(node).__name__)
            stack += [getattr(node, name) for name in names]
    return said
