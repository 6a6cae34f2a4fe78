"""The form of a step: which parts a kernel takes as what.

    y = activation(norm(core(activation(norm(x)))) + residual)

Everything but one of core, norm, add and activation may be missing. Without a core the kernel is pointwise.
Convolutions that read one value with one geometry may be siblings: several cores, each with its own epilogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netdsl.ops.activation import Elu, Gelu, Hardswish, LeakyRelu, Relu, Relu6, Sigmoid, Silu, Tanh
from netdsl.ops.arithmetic import Add
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.linear import Linear
from netdsl.ops.norm import BatchNorm
from netdsl.ops.op import Op
from netdsl.ops.pool import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from netdsl.ops.reshape import Flatten
from netdsl.step import Inner, Outer, Part, Step, chain, parts

if TYPE_CHECKING:
    from netdsl.graph import Graph, Node

ACTIVATIONS = (Relu, Relu6, LeakyRelu, Elu, Silu, Sigmoid, Tanh, Gelu, Hardswish)
GLOBAL_POOLS = (GlobalAvgPool, GlobalMaxPool)
POOLS = (MaxPool, AvgPool, *GLOBAL_POOLS)
WITH_PROLOGUE = (Conv, Deconv, *POOLS)


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
    """One of those that kernels have; of gelu the exact one."""
    return isinstance(op, ACTIVATIONS) and not (isinstance(op, Gelu) and op.approximate != "none")


def never_falls(op: Op) -> bool:
    """Whether a larger number never gives a smaller one, also when rounded."""
    return isinstance(op, Relu | Relu6) or (isinstance(op, LeakyRelu) and op.slope >= 0)


def is_add(op: Op) -> bool:
    """The sum of two values (whose shapes are equal: the passes see to that)."""
    return isinstance(op, Add) and op.scalar is None


def is_core(op: Op) -> bool:
    if isinstance(op, Conv):
        return op.mode == "zeros"
    if isinstance(op, Linear):
        return op.axis is None
    return isinstance(op, (Deconv, *POOLS))


def described(op: Op) -> str:
    """What kernels do not compute, in words."""
    if isinstance(op, Conv) and op.mode != "zeros":
        return f"whose padding is {op.mode} and not zeros"
    if isinstance(op, Linear) and op.axis is not None:
        return "which is linear along one axis of several"
    return f"which is {op.name}"


def read(held: tuple[Part, ...], results: tuple[int, ...]) -> Form:
    """The form of a step's parts. Raises NoForm."""
    forms = [_one(held, result) for result in results]
    first = forms[0]
    for other in forms[1:]:
        if not first.cores or (other.source, other.prologue) != (first.source, first.prologue):
            raise NoForm("what one kernel yields several of are siblings: convolutions of one value")
    used = {id(part) for form in forms for part in (*_listed(form),)}
    if len(used) != len(held):
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


def _one(held: tuple[Part, ...], result: int) -> Form:
    """The form of what leads to one result."""
    chain, residuals = [result], {}
    while True:
        part = held[chain[-1]]
        inner = [s for s in part.operands if type(s) is Inner]
        outer = [s for s in part.operands if type(s) is Outer]
        if len(inner) > 1 or len(part.operands) > 2:
            raise NoForm(f"`{part.name}` reads {len(part.operands)} values, {len(inner)} of them from this step")
        if inner and outer:
            residuals[part.name] = outer[0]
        if not inner:
            break
        chain.append(inner[0].part)
    return _Reader([held[i] for i in reversed(chain)], residuals).read()


class _Reader:
    """Takes a chain of parts from the front."""

    def __init__(self, chain: list[Part], residuals: dict[str, Outer]) -> None:
        self.chain, self.residuals, self.place = chain, residuals, 0

    def read(self) -> Form:
        if not self.chain[0].operands:
            raise NoForm(f"`{self.chain[0].name}` reads nothing")
        source = self.chain[0].operands[0]
        assert type(source) is Outer
        at = next((i for i, part in enumerate(self.chain) if is_core(part.op)), None)
        prologue: list[Part] = []
        flatten = core = None
        if at is not None:
            core = self.chain[at]
            if isinstance(core.op, WITH_PROLOGUE):
                prologue += [part for part in (self._norm(), self._activation()) if part]
            flatten = self._flatten()
            if self.place != at:
                raise NoForm(f"`{self.chain[self.place].name}` cannot stand before `{core.name}`")
            self.place += 1
        epilogue, source = self._epilogue(source)
        if self.place < len(self.chain):
            raise NoForm(self._surplus())
        if core is not None and isinstance(core.op, POOLS):
            after = (
                epilogue.norm or epilogue.add or (epilogue.activation if isinstance(core.op, GLOBAL_POOLS) else None)
            )
            if after is not None:
                raise NoForm(f"`{after.name}` cannot follow the pool `{core.name}` in one kernel")
        return Form(source, tuple(prologue), flatten, () if core is None else (core,), (epilogue,))

    def _surplus(self) -> str:
        """Why the next part is one too many."""
        part = self.chain[self.place]
        if self.place == 0:
            return f"no kernel of ours computes `{part.name}`, {described(part.op)}"
        before = self.chain[self.place - 1]
        if is_affine(before.op) and is_affine(part.op):
            return f"`{before.name}` is a batch norm already, and a kernel has one"
        if is_add(before.op) and is_add(part.op):
            return f"`{before.name}` is a sum already, and a kernel has one"
        return f"`{part.name}` cannot follow `{before.name}` in one kernel"

    def _epilogue(self, source: Outer) -> tuple[Epilogue, Outer]:
        norm = self._norm()
        add, residual = None, None
        if part := self._take(is_add):
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


def form_of(graph: Graph, node: Node) -> Form | None:
    """The form of a node, a step or an operator that is a kernel by itself; None where none of our kernels computes it.

    Raises NoForm for a step that should not be there.
    """
    if isinstance(node.op, Step):
        return node.op.form
    op = node.op
    if op is None or not (is_core(op) or is_affine(op) or is_activation(op) or is_add(op)):
        return None
    try:
        form = read(parts(node), (0,))
    except NoForm:
        return None
    return None if form.core is None and not is_point_by_point(graph, node) else form


def is_point_by_point(graph: Graph, node: Node) -> bool:
    """Whether a node without a core is one for a kernel: it has channels and up to three spatial axes, and all that it
    reads has its shape."""
    return 1 <= len(node.shape) <= 4 and all(tuple(graph.shape(value)) == tuple(node.shape) for value in node.operands)


def title(node: Node, index: int) -> str:
    """What output `index` of a node is called: after the convolution or pool that it comes from, or its first part."""
    if not isinstance(node.op, Step):
        return node.name
    leading = chain(node.op.parts, node.op.results[index])
    return next((part.name for part in leading if is_core(part.op)), leading[0].name)
