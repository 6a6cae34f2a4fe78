"""Where the values of one pass lie: in tensors of their own, in channels of wider buffers, or in several tensors that a
convolution reads as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from netdsl.graph import Graph, Node
from netdsl.runtime.arena import Arena
from netdsl.runtime.geometry import known
from netdsl.runtime.operators import compute
from netdsl.scope import Value

# A value as its readers get it: nearly always one tensor; of a concatenation that nobody makes, each of its parts.
Sources: TypeAlias = tuple[Tensor, ...]


class Values:
    """The values of `graph`, whose extents are all known, for one batch. Maps are [N, C, ..], channels together.

    With an `arena` those that it has room for lie there, and are lost when another is written to their place.
    """

    def __init__(
        self, graph: Graph, batch: int, dtype: torch.dtype, device: torch.device, arena: Arena | None = None
    ) -> None:
        self.graph, self.batch, self.dtype, self.device, self.arena = graph, batch, dtype, device, arena
        self.places = graph.plan.places if graph.plan is not None else {}
        self._held: dict[Value, Sources] = {}
        self._buffers: dict[int, Tensor] = {}
        self._widths: dict[int, int] = {}
        for value, (buffer, offset) in self.places.items():
            end = offset + known(graph.shape(value))[0]
            self._widths[buffer] = max(end, self._widths.get(buffer, 0))

    def sources(self, value: Value) -> Sources:
        return self._held[value]

    def tensor(self, value: Value) -> Tensor:
        """The value in one piece; a copy where it has several."""
        return joined(self._held[value])

    def hold(self, value: Value, sources: Sources) -> None:
        self._held[value] = sources

    def drop(self, value: Value) -> None:
        """Forget a value that nobody reads any more."""
        self._held.pop(value, None)

    def new(self, shape: tuple[int, ...]) -> Tensor:
        """An uninitialised [N, C, ..] whose channels lie together, as torch's channels_last."""
        return torch.empty((shape[0], *shape[2:], shape[1]), dtype=self.dtype, device=self.device).movedim(-1, 1)

    def room(self, node: Node) -> Tensor:
        """Memory for all that `node` yields, one result's channels after the other's, held as its values."""
        values = [Value(node.number, index) for index in range(len(node.shapes))]
        widths = [known(shape)[0] for shape in node.shapes]
        if values[0] in self.places:
            buffer, first = self.places[values[0]]
            for value, offset in zip(values, _offsets(first, widths), strict=True):
                assert self.places.get(value) == (buffer, offset), f"the results of {node.name} do not lie side by side"
            whole = self._channels(values[0], first, sum(widths))
        else:
            whole = self._memory(values[0], (self.batch, sum(widths), *known(node.shape)[1:]))
        for value, offset, width in zip(values, _offsets(0, widths), widths, strict=True):
            self._held[value] = (whole.narrow(1, offset, width),)
        return whole

    def store(self, node: Node, results: Sequence[Tensor]) -> None:
        """Hold what an operator of torch's made, copied where the value has a place or lives in the arena."""
        for index, result in enumerate(results):
            value = Value(node.number, index)
            held = None
            if value in self.places:
                held = self._channels(value, self.places[value].offset, known(node.shapes[index])[0])
            elif result.dtype == self.dtype:
                held = self._planned(value)
            if held is not None:
                result = held.copy_(result)
            elif self.arena is not None and shared(result, self.arena.memory):  # of what will not be there for long
                result = result.clone()
            self._held[value] = (result,)

    def view(self, node: Node) -> None:
        """Hold the values of a node that launches nothing. AssertionError where one would have to be copied."""
        operands = [self._held[value] for value in node.operands]
        value = Value(node.number)
        assert node.op is not None
        if node.op.name == "concat":
            parts = tuple(tensor for sources in operands for tensor in sources)
            if value in self.places:
                first = self.places[value].offset
                for part, offset in zip(parts, _offsets(first, [part.shape[1] for part in parts]), strict=True):
                    there = self._channels(value, offset, part.shape[1])
                    assert _same(part, there), f"{node.name} is not in place"
                parts = (self._channels(value, first, known(node.shape)[0]),)
            self._held[value] = parts
            return
        assert all(len(sources) == 1 for sources in operands), f"{node.name} is a view of several tensors"
        inputs = tuple(map(joined, operands))
        found = compute(node.op, self.graph.operand_shapes(node), inputs, {})
        for index, result in enumerate(found if isinstance(found, tuple | list) else (found,)):
            assert any(shared(x, result) for x in inputs), f"{node.name} is not a view"
            self._held[Value(node.number, index)] = (result,)

    def _channels(self, value: Value, offset: int, width: int) -> Tensor:
        """Channels of the buffer that a value has its place in."""
        buffer = self.places[value].buffer
        if buffer not in self._buffers:
            self._buffers[buffer] = self._memory(
                value, (self.batch, self._widths[buffer], *known(self.graph.shape(value))[1:])
            )
        return self._buffers[buffer].narrow(1, offset, width)

    def _memory(self, value: Value, shape: tuple[int, ...]) -> Tensor:
        """The storage that a value is written to, which is of that shape."""
        planned = self._planned(value)
        if planned is None:
            return self.new(shape)
        assert planned.shape == shape, f"the plan has {tuple(planned.shape)} where {shape} is written"
        return planned

    def _planned(self, value: Value) -> Tensor | None:
        """The storage that a value is written to, where it is part of the arena."""
        return None if self.arena is None else self.arena.storage(self.arena.plan.storage(value))


def channels_together(x: Tensor) -> Tensor:
    """The same map, its channels side by side in memory; a copy unless they are already."""
    return x if x.dim() < 3 else x.movedim(1, -1).contiguous().movedim(-1, 1)


def for_each(sources: Sources, batch: int) -> Sources:
    """Tensors as kernels read them, a sample of each for each sample: what weights alone make may be there once."""
    return tuple(x if len(x) == batch else channels_together(x.repeat(batch, *(1,) * (x.dim() - 1))) for x in sources)


def joined(sources: Sequence[Tensor]) -> Tensor:
    """Several tensors in one piece, which is a copy."""
    return sources[0] if len(sources) == 1 else torch.cat(tuple(sources), 1)


def _offsets(first: int, widths: Sequence[int]) -> list[int]:
    return [first + sum(widths[:index]) for index in range(len(widths))]


def shared(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are parts of one piece of memory."""
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def _same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are the same memory, read the same way."""
    strides = [(s, t) for extent, s, t in zip(a.shape, a.stride(), b.stride(), strict=True) if extent > 1]
    return a.data_ptr() == b.data_ptr() and a.shape == b.shape and all(s == t for s, t in strides)
