"""Each kernel against torch's own operators in float64, on the numbers that its format can hold.

All maps are parts of larger ones: what it reads beyond its inputs is NaN, and what it writes beyond its output, or not
at all, is seen too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

import torch
from torch import Tensor

from netdsl.runtime import interpreter
from netdsl.runtime.executor import Executor
from netdsl.runtime.folding import Weights
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.cases import BATCH, Case
from netdsl.runtime.proof.gates import GATES, WRONG, Error, measure, worst
from netdsl.runtime.proof.report import Check, label, place
from netdsl.runtime.values import Values
from netdsl.scope import Value
from netdsl.step import Step

GUARD = 16  # channels on either side, so that slices are as aligned as whole maps
MARK = 1024.0  # beside outputs; every format holds it, and no step yields it
DTYPES = {"ieee": torch.float32, "tf32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def prove_kernels(
    cases: Iterable[Case], ways: tuple[str, ...], device: torch.device, tell: Callable[[str, str], None]
) -> Iterator[Check]:
    """A check for every case in each of the `ways`, names of gates, one way after the other."""
    listed = list(cases)
    for way in ways:
        if device.type == "cuda":
            _compile_together(listed, way, device)
        for case in listed:
            tell(case.like.name, way)
            with interpreter.quick():
                error, note = prove(case, way, device)
            notes = "; ".join(text for text in (note, case.note) if text)
            what = label(case.graph, case.like)
            yield Check(case.like.name, what, place(case.like), f"kernel {way}", error, GATES[way], case.same, notes)


def _compile_together(cases: Iterable[Case], way: str, device: torch.device) -> None:
    """Compile all kernels at once, which takes longer than to run them. Who fails here will where it is proved."""
    from netdsl.kernels.launch import ahead

    with ahead():
        for case in cases:
            with suppress(Exception):
                prove(case, way, device)


def prove(case: Case, way: str, device: torch.device, margin: int = GUARD) -> tuple[Error, str]:
    """How far a kernel is from the truth, and what else is wrong with it.

    Its maps are slices with `margin` channels on either side; with 0 they are whole on the channels.
    """
    dtype = DTYPES[way]
    precision = way if dtype is torch.float32 else "ieee"
    weights = _weights(case, dtype)
    operands = [_operand(case, slot, dtype, device, margin) for slot in range(len(case.splits))]
    saved = [[bits(part.around).clone() for part in parts] for parts in operands]
    reference = Executor(case.graph, weights, "parts", device=device)
    truth = Values(case.graph, BATCH, torch.float64, device)
    kernel = Executor(case.graph, weights, "kernels", dtype=dtype, device=device, precision=precision)
    values = GuardedValues(case.graph, BATCH, dtype, device)
    values.margin = margin
    for slot, parts in enumerate(operands):
        values.hold(Value(slot), tuple(part.tensor for part in parts))
        truth.hold(Value(slot), (torch.cat([part.tensor.double() for part in parts], 1),))
    with torch.backends.cudnn.flags(enabled=False):  # whose transforms may spread NaN
        reference.step(case.node, truth)
    try:
        kernel.step(case.node, values)
    except Exception as error:  # whatever is raised, this kernel does not compute its step
        return WRONG, f"{type(error).__name__}: {error}"
    for parts, before in zip(operands, saved, strict=True):
        if not all(torch.equal(bits(part.around), old) for part, old in zip(parts, before, strict=True)):
            return WRONG, "it overwrites what it reads"
    if not all(map(untouched, values.made)):
        return WRONG, "it writes outside of its output"
    results = [Value(case.node.number, index) for index in range(len(case.node.shapes))]
    return worst(measure(values.tensor(value), truth.tensor(value)) for value in results), ""


class Guarded(NamedTuple):
    """A map of NaN inside of a larger one."""

    tensor: Tensor
    around: Tensor


def bits(tensor: Tensor) -> Tensor:
    """The numbers as integers, of which each is itself, as NaN is not."""
    return tensor.view({2: torch.int16, 4: torch.int32}[tensor.element_size()])


def untouched(guarded: Guarded) -> bool:
    """Whether all around the map is MARK, as it was."""
    inside = guarded.tensor == MARK
    return int((guarded.around == MARK).sum()) - int(inside.sum()) == guarded.around.numel() - inside.numel()


def guard(
    shape: tuple[int, ...],
    dtype: torch.dtype,
    device: torch.device,
    margin: int,
    around: float = torch.nan,
    cropped: bool = False,
) -> Guarded:
    """A [N, C, ..] of NaN, channels together, with neighbours in the batch, on the channels, and where it is cropped
    also along the spatial axes; these hold `around`, `margin` channels of it on either side."""
    batch, channels, *spatial = shape
    edge = int(cropped)
    wide = (batch + 2, *(extent + 2 * edge for extent in spatial), channels + 2 * margin)
    whole = torch.full(wide, around, dtype=dtype, device=device)
    inner = whole[1:-1]
    for axis, extent in enumerate(spatial, 1):
        inner = inner.narrow(axis, edge, extent)
    tensor = inner.narrow(-1, margin, channels).movedim(-1, 1)
    tensor.fill_(torch.nan)
    return Guarded(tensor, whole)


class GuardedValues(Values):
    """Values whose memory is inside of larger maps that hold MARK; `made` lists it."""

    def __init__(self, graph: object, batch: int, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(graph, batch, dtype, device)  # type: ignore[arg-type]
        self.made: list[Guarded] = []
        self.margin = GUARD

    def new(self, shape: tuple[int, ...]) -> Tensor:
        self.made.append(guard(shape, self.dtype, self.device, self.margin, MARK))
        return self.made[-1].tensor


def _operand(case: Case, slot: int, dtype: torch.dtype, device: torch.device, margin: int) -> list[Guarded]:
    """Signed numbers for an operand, in as many tensors as it comes in.

    One number of the last sample is NaN, in the middle of what is read first and at the end of what is added: it must
    reach what depends on it, as in torch, and nothing else."""
    found = []
    extents = tuple(int(extent) for extent in case.graph.nodes[slot].shape[1:])  # type: ignore[arg-type]
    for index, channels in enumerate(case.splits[slot]):
        part = guard((BATCH, channels, *extents), dtype, device, margin, cropped=case.cropped[slot])
        part.tensor.copy_(draw.value(f"{slot}.{index}", part.tensor.shape))
        found.append(part)
    place = tuple(extent // 2 if slot == 0 else -1 for extent in found[0].tensor.shape[1:])
    found[0].tensor[(-1, *place)] = torch.nan
    return found


def _weights(case: Case, dtype: torch.dtype) -> Weights:
    """The weights of the step, rounded to the format."""
    op, shapes = case.node.op, case.graph.operand_shapes(case.node)
    assert op is not None
    prefix = "" if isinstance(op, Step) else f"{case.node.owner}."
    named = {f"{prefix}{name}": shape for name, shape in {**op.weights(*shapes), **op.buffers(*shapes)}.items()}
    found = {}
    for path, shape in named.items():
        floating = not path.endswith("num_batches_tracked")
        drawn = draw.weight(path, tuple(int(extent) for extent in shape), floating)  # type: ignore[arg-type]
        found[path] = drawn.to(dtype).double() if floating else drawn
    return found
