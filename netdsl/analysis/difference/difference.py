"""What two networks differ in: entries, hunks of them, and the keys of the state_dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Self

from netdsl.analysis.difference.keys import Keys, keys
from netdsl.analysis.difference.matching import Matching, match
from netdsl.analysis.difference.windows import taps
from netdsl.analysis.difference.wiring import Wiring
from netdsl.analysis.summary import Row, Summary, node_rows, object_of_lines, summarise
from netdsl.graph import Graph, Node
from netdsl.ops.op import attributes
from netdsl.scope import Value

Kind = Literal["same", "added", "removed", "changed", "renamed", "resized"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A node of the old network, of the new one, or of both, that are then counterparts.

    `kind` is the first that holds: "added" or "removed" where only one is there; "changed" where the operator, its
    attributes or what it reads differ; "renamed" where only the name does; "resized" where only shapes do, which
    follows from something else. `attributes` are those that differ, with both values; `reads` is what was read and what
    is instead; `taps` are the weights per channel pair (see `windows`), `numbers` the nodes' in their graphs.
    """

    kind: Kind
    old: Row | None
    new: Row | None
    attributes: Mapping[str, tuple[Any, Any]]
    reads: tuple[tuple[str, str], ...]
    taps: tuple[int | None, int | None]
    numbers: tuple[int | None, int | None]

    @property
    def differs(self) -> bool:
        """Whether something was done here, not elsewhere."""
        return self.kind in ("added", "removed", "changed")


@dataclass(frozen=True, slots=True)
class Interface:
    """An output, or the loss, that is not what it was: `kind` is "added", "removed" or "changed"."""

    kind: Kind
    name: str
    reads: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Difference:
    """What is different in `new`. `entries` are all nodes of both networks, in the order of the new text with what is
    gone in its old place."""

    old: Summary
    new: Summary
    entries: tuple[Entry, ...]
    outputs: tuple[Interface, ...]
    keys: Keys
    graphs: tuple[Graph, Graph]

    @classmethod
    def of(cls, old: Graph, new: Graph) -> Self:
        """What is different in `new`."""
        matching = match(old, new)
        rows, others = node_rows(old), node_rows(new)
        wiring = Wiring(old, new, matching)
        entries = []
        for before, after in _order(old, new, matching):
            a = None if before is None else old.nodes[before]
            b = None if after is None else new.nodes[after]
            changed, reads = (_attributes(a, b), wiring.reads(a, b)) if a and b else ({}, ())
            entries.append(
                Entry(
                    _kind(a, b, changed, reads),
                    None if a is None else rows[a.number],
                    None if b is None else others[b.number],
                    changed,
                    reads,
                    (0 if a is None else taps(old, a), 0 if b is None else taps(new, b)),
                    (before, after),
                )
            )
        return cls(
            summarise(old, rows=rows),
            summarise(new, rows=others),
            tuple(entries),
            tuple(Interface(*found) for found in wiring.outputs()),
            keys(old, new, matching),
            (old, new),
        )

    @property
    def equal(self) -> bool:
        """Whether nothing at all differs, names included."""
        return not self.outputs and all(entry.kind == "same" for entry in self.entries)

    def chain(self, hunk: Sequence[Entry], side: Literal[0, 1]) -> bool:
        """Whether a hunk's nodes, of the old network (0) or the new one (1), each read the one before and no other."""
        graph = self.graphs[side]
        nodes = [graph.nodes[number] for entry in hunk if (number := entry.numbers[side]) is not None]
        return all(b.operands == (Value(a.number),) for a, b in pairwise(nodes))

    def hunks(self) -> Iterator[tuple[Entry, ...]]:
        """Entries in a row that differ. Two or fewer between them that have no weights, as a relu, do not part them."""
        hunk: list[Entry] = []
        between: list[Entry] = []
        for entry in self.entries:
            if entry.differs:
                hunk += [*between, entry] if hunk else [entry]
                between = []
            elif hunk:
                between.append(entry)
                weighty = any(row is not None and row.cost.scalars for row in (entry.old, entry.new))
                if weighty or len(between) > 2:
                    yield tuple(hunk)
                    hunk, between = [], []
        if hunk:
            yield tuple(hunk)

    def as_dict(self) -> dict[str, Any]:
        """What `to_json` writes."""
        return {
            "equal": self.equal,
            "old": _total(self.old),
            "new": _total(self.new),
            "changes": [_entry(entry) for entry in self.entries if entry.kind != "same"],
            "outputs": [{"kind": o.kind, "name": o.name, "old": o.reads[0], "new": o.reads[1]} for o in self.outputs],
            "state_dict": {
                "same": sum(old == new for old, new in self.keys.kept.items()),
                "renamed": self.keys.renamed,
                "reshaped": {
                    old: {"key": new, "old": list(before), "new": list(after)}
                    for old, (new, before, after) in self.keys.reshaped.items()
                },
                "removed": list(self.keys.dropped),
                "added": list(self.keys.added),
            },
        }

    def to_json(self) -> str:
        """One object; a side that is not there is null."""
        return object_of_lines(self.as_dict())

    def to_text(self, width: int = 120, color: bool = False) -> str:
        """What differs, as a table."""
        from netdsl.analysis.difference.report import report

        return report(self, width, color)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        differ = sum(entry.kind != "same" for entry in self.entries)
        return f"<netdsl difference from {self.old.network} to {self.new.network}: {differ} nodes>"


def _order(old: Graph, new: Graph, matching: Matching) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of numbers in the new order; what has no counterpart stands behind what it stood behind."""
    behind: dict[int | None, list[int]] = {}
    before: int | None = None
    for node in old.nodes:
        if node.number in matching:
            before = matching[node.number]
        else:
            behind.setdefault(before, []).append(node.number)
    partner = {b: a for a, b in matching.items()}
    yield from ((number, None) for number in behind.get(None, ()))
    for node in new.nodes:
        yield partner.get(node.number), node.number
        yield from ((number, None) for number in behind.get(node.number, ()))


def _kind(a: Node | None, b: Node | None, changed: Mapping[str, Any], reads: tuple[tuple[str, str], ...]) -> Kind:
    if a is None or b is None:
        return "added" if a is None else "removed"
    if changed or reads or type(a.op) is not type(b.op) or a.role != b.role:
        return "changed"
    if a.name != b.name or a.owner != b.owner:
        return "renamed"
    return "same" if a.shapes == b.shapes or a.op is None is b.op else "resized"


def _attributes(a: Node, b: Node) -> dict[str, tuple[Any, Any]]:
    """The attributes that differ; of an input, its shape."""
    if a.op is None or b.op is None:
        return {"shape": (a.shape, b.shape)} if a.shape != b.shape else {}
    if type(a.op) is not type(b.op):
        return {}
    return {
        field.name: (old, new)
        for field in attributes(type(a.op))
        if (old := getattr(a.op, field.name)) != (new := getattr(b.op, field.name))
    }


def _total(summary: Summary) -> dict[str, Any]:
    return {
        "network": summary.network,
        "file": summary.source.name,
        "params": summary.params,
        "inference_params": summary.inference_params,
        "macs": summary.macs,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "old": None if entry.old is None else {**entry.old.json(), "operator": entry.old.text},
        "new": None if entry.new is None else {**entry.new.json(), "operator": entry.new.text},
        "attributes": {name: [_plain(old), _plain(new)] for name, (old, new) in entry.attributes.items()},
        "reads": [list(pair) for pair in entry.reads],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, bool | str):
        return value
    return int(value) if isinstance(value, int) else value if isinstance(value, float) else str(value)
