"""The form of a step: which parts a kernel takes as what.

    y = activation(norm(core(activation(norm(x)))) + residual)

Everything but one of core, norm, add and activation may be missing. Without a core the kernel is pointwise.
Convolutions that read one value with one geometry may be siblings: several cores, each with its own epilogue.
"""

from __future__ import annotations

from dataclasses import dataclass

from netdsl.ops.activation import LeakyRelu, Relu, Relu6, Silu
from netdsl.ops.arithmetic import Add
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.linear import Linear
from netdsl.ops.norm import BatchNorm
from netdsl.ops.op import Op
from netdsl.ops.pool import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from netdsl.ops.reshape import Flatten
from netdsl.step import Inner, Outer, Part

ACTIVATIONS = (Relu, Relu6, LeakyRelu, Silu)
WEIGHTED = (Conv, Deconv, Linear)
POOLS = (MaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool)


class NoForm(Exception):
    """No kernel computes these parts in this order; the message says which part is in the way."""


@dataclass(frozen=True, slots=True)
class Epilogue:
    """What follows a core. `residual` is the operand of the step's node that is added."""

    norm: Part | None = None
    add: Part | None = None
    residual: Outer | None = None
    activation: Part | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """`source` is the operand that the kernel reads first; `flatten` stands where a linear layer reads a whole map.

    `cores` is empty for a pointwise kernel, which has one epilogue; else there is an epilogue for each core.
    """

    source: Outer
    prologue: tuple[Part, ...]
    flatten: Part | None
    cores: tuple[Part, ...]
    epilogues: tuple[Epilogue, ...]

    @property
    def core(self) -> Part | None:
        """The only core, or the first of siblings."""
        return self.cores[0] if self.cores else None


def is_affine(op: Op) -> bool:
    """A factor and a term for each channel at inference. Without running statistics a batch norm is none."""
    return isinstance(op, BatchNorm) and op.track


def is_activation(op: Op) -> bool:
    return isinstance(op, ACTIVATIONS)


def is_add(op: Op) -> bool:
    """The sum of two values (whose shapes are equal: the passes see to that)."""
    return isinstance(op, Add) and op.scalar is None


def is_core(op: Op) -> bool:
    if isinstance(op, Conv):
        return op.mode == "zeros"
    if isinstance(op, Linear):
        return op.axis is None
    return isinstance(op, (Deconv, *POOLS))


def read(parts: tuple[Part, ...], results: tuple[int, ...]) -> Form:
    """The form of a step's parts. Raises NoForm."""
    forms = [_one(parts, result) for result in results]
    first = forms[0]
    for other in forms[1:]:
        if not first.cores or (other.source, other.prologue) != (first.source, first.prologue):
            raise NoForm("what one kernel yields several of are siblings: convolutions of one value")
    used = {id(part) for form in forms for part in (*_listed(form),)}
    if len(used) != len(parts):
        raise NoForm("a part serves no result")
    return Form(
        first.source,
        first.prologue,
        first.flatten,
        tuple(core for form in forms for core in form.cores),
        tuple(epilogue for form in forms for epilogue in form.epilogues),
    )


def _listed(form: Form) -> list[Part]:
    some = [*form.prologue, form.flatten, *form.cores]
    for end in form.epilogues:
        some += [end.norm, end.add, end.activation]
    return [part for part in some if part is not None]


def _one(parts: tuple[Part, ...], result: int) -> Form:
    """The form of what leads to one result."""
    chain, residuals = [result], {}
    while True:
        part = parts[chain[-1]]
        inner = [s for s in part.operands if type(s) is Inner]
        outer = [s for s in part.operands if type(s) is Outer]
        if len(inner) > 1 or len(part.operands) > 2:
            raise NoForm(f"`{part.name}` reads {len(part.operands)} values, {len(inner)} of them from this step")
        if inner and outer:
            residuals[part.name] = outer[0]
        if not inner:
            break
        chain.append(inner[0].part)
    return _Reader([parts[i] for i in reversed(chain)], residuals).read()


class _Reader:
    """Takes a chain of parts from the front."""

    def __init__(self, chain: list[Part], residuals: dict[str, Outer]) -> None:
        self.chain, self.residuals, self.place = chain, residuals, 0

    def read(self) -> Form:
        head = self.chain[0]
        source = head.operands[0]
        assert type(source) is Outer
        core = next((i for i, part in enumerate(self.chain) if is_core(part.op)), None)
        prologue: list[Part] = []
        flatten = None
        if core is not None:
            prologue += [part for part in (self._norm(), self._activation()) if part]
            flatten = self._flatten()
            if self.place != core:
                raise NoForm(f"`{self.chain[self.place].name}` cannot stand before `{self.chain[core].name}`")
            self.place += 1
        epilogue, source = self._epilogue(source)
        if self.place < len(self.chain):
            raise NoForm(f"`{self.chain[self.place].name}` cannot follow `{self.chain[self.place - 1].name}`")
        cores = () if core is None else (self.chain[core],)
        if cores and isinstance(cores[0].op, POOLS) and epilogue != Epilogue():
            raise NoForm(f"`{self.chain[core + 1].name}` cannot follow a pool")  # type: ignore[operator]
        return Form(source, tuple(prologue), flatten, cores, (epilogue,))

    def _epilogue(self, source: Outer) -> tuple[Epilogue, Outer]:
        norm = self._norm()
        add, residual = None, None
        if part := self._take(is_add):
            if len(part.operands) != 2:
                raise NoForm(f"`{part.name}` adds {len(part.operands)} values")
            add = part
            residual = self.residuals.get(part.name)
            if residual is None:  # a pointwise kernel that begins with the sum
                first, second = part.operands
                assert type(first) is Outer
                assert type(second) is Outer
                source, residual = first, second
        return Epilogue(norm, add, residual, self._activation()), source

    def _flatten(self) -> Part | None:
        following = self.chain[self.place + 1 : self.place + 2]
        if following and isinstance(following[0].op, Linear):
            return self._take(lambda op: isinstance(op, Flatten))
        return None

    def _norm(self) -> Part | None:
        return self._take(is_affine)

    def _activation(self) -> Part | None:
        return self._take(is_activation)

    def _take(self, fits) -> Part | None:  # type: ignore[no-untyped-def]
        if self.place < len(self.chain) and fits(self.chain[self.place].op):
            self.place += 1
            return self.chain[self.place - 1]
        return None


def read_node(op: Op, operands: int) -> Form | None:
    """The form of an operator that is a kernel by itself; None where none of our kernels computes it."""
    part = Part("", op, "", tuple(map(Outer, range(operands))))
    try:
        return read((part,), (0,))
    except NoForm:
        return None
