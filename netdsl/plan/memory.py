"""Where the values of a forward pass live: one arena for all that is needed between the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netdsl.graph import Graph
from netdsl.plan.arena import Block, arranged, most_at_once
from netdsl.plan.lifetimes import Lifetimes, Storage, lifetimes
from netdsl.scope import Value

ALIGNMENT = 256  # bytes: what cudaMalloc gives, and more than TMA descriptors (16) and cache lines (128) ask for


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Where the values of one forward pass of `batch` samples live, whose numbers are of `width` bytes.

    A storage is [batch, *spatial, channels], dense and in this order (NHWC). `size` is the arena's, in bytes; `offsets`
    has the storages in it by their numbers. Not there are weights, and, unless asked for, inputs and outputs: they are
    the caller's, so that no later call writes what an earlier one returned.
    """

    graph: Graph
    batch: int
    width: int
    lifetimes: Lifetimes
    offsets: Mapping[int, int]
    size: int

    @property
    def storages(self) -> tuple[Storage, ...]:
        return self.lifetimes.storages

    def storage(self, value: Value) -> int:
        """The number of the storage that a value is written to. KeyError for a view, which is written by no step."""
        if value not in self.lifetimes.channel:
            raise KeyError(f"{tuple(value)} is a view")
        return self.lifetimes.behind[value][0]

    def offset(self, value: Value) -> int | None:
        """The byte of the arena where a value begins that a step writes: its first channel of the first point. None
        where it does not live there. KeyError for a view."""
        begin = self.offsets.get(self.storage(value))
        return None if begin is None else begin + self.lifetimes.channel[value] * self.width

    def bytes(self, storage: int) -> int:
        """What a storage takes, up to the next multiple of the alignment."""
        return _bytes(self.storages[storage], self.batch, self.width)

    @property
    def peak_of_live(self) -> int:
        """The most bytes of the arena that are needed at once, which no arena can do without."""
        held = ((self.storages[number], self.bytes(number)) for number in self.offsets)
        return most_at_once([Block(storage.first, storage.last, size) for storage, size in held])


def memory(graph: Graph, batch: int, width: int, *, inputs: bool = False, outputs: bool = False) -> MemoryPlan:
    """Places for all that a forward pass holds; `inputs` and `outputs` may have theirs in the arena too."""
    found = lifetimes(graph)
    held = {"inner"} | ({"input"} if inputs else set()) | ({"output"} if outputs else set())
    inside = {number: storage for number, storage in enumerate(found.storages) if storage.role in held}
    blocks = [Block(storage.first, storage.last, _bytes(storage, batch, width)) for storage in inside.values()]
    places = arranged(blocks)
    size = max((place + block.size for place, block in zip(places, blocks, strict=True)), default=0)
    return MemoryPlan(graph, batch, width, found, dict(zip(inside, places, strict=True)), size)


def _bytes(storage: Storage, batch: int, width: int) -> int:
    return -(-storage.elements * batch * width // ALIGNMENT) * ALIGNMENT
