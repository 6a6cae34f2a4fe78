"""Random networks written from the operators' declarations: real graphs, in blocks, loops, branches and shared parts.

A text is a function of its seed alone. Nothing is said here about an operator but what cannot be read off it: which
operators are losses, take positive numbers only, or make large ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from netdsl.ops import OPS
from netdsl.ops.op import Op, OpError, Shape, attributes
from tests.random.drawing import draw, small
from tests.random.stages import (  # fmt: skip
    Apply,
    Block,
    Body,
    Call,
    Choice,
    Group,
    Halves,
    Loop,
    Merge,
    Named,
    Numbers,
    Stage,
    flow,
)

UNCOUNTED = ("init", "bias_init", "frozen", "momentum")  # nothing computes with them at inference
OURS = tuple(name for name in OPS if "." not in name)
LOSSES = tuple(name for name in OURS if OPS[name].family == "loss")
# Every operator as it comes, and with each of its attributes given; those of few attributes oftener. Shuffled, so that
# a network is asked for different ones.
WANTED = [
    (name, wishes[i % len(wishes)])
    for name in OURS
    if name not in (*LOSSES, "parameter", "one_hot", "split", "expand")
    for wishes in [["", *(f.name for f in attributes(OPS[name]) if f.name not in UNCOUNTED)]]
    for i in range(max(6, len(wishes)))
]
RARE = [("max_pool", "pad"), ("avg_pool", "pad"), ("upsample", "align_corners"), ("conv", "groups"), ("pad", "mode")]
WANTED += 4 * RARE  # what seldom fits where it is wanted
Random(0).shuffle(WANTED)
UNARY = tuple(
    name for name in OURS
    if OPS[name].inputs[0] <= 1 and name not in (*LOSSES, "parameter", "one_hot", "split", "concat", "stack")
)  # fmt: skip
SEVERAL = tuple(
    name
    for name in OURS
    if (OPS[name].inputs[1] or 2) >= 2 and name not in (*LOSSES, "expand") and OPS[name].inputs[1] != 1
)
POSITIVE = {"log", "sqrt", "pow"}  # of other numbers they are NaN
HOT = {"exp", "square", "pow", "div", "mul"}  # repeated, they leave what a float can hold
DIFFERENCES = {"sub", "distance"}  # of a value and itself they are nothing
TAME = ("tanh", "sigmoid", "softmax", "hardtanh", "l2_normalise", "relu6")
PLACED = {"noise"}  # its operand has a name: `noise(like = x)`


@dataclass
class Scope:
    """What can be said here."""

    numbers: Numbers = field(default_factory=dict)
    labels: bool = True  # not in loops, where each turn needs its own
    depth: int = 2


@dataclass
class Writer:
    random: Random
    budget: int = 14  # stages that may still be written
    blocks: list[Block] = field(default_factory=list)
    count: int = 0
    wanted: list[tuple[str, str]] = field(default_factory=list)  # operators, each with an attribute to be given

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def odds(self, chance: float) -> bool:
        return self.random.random() < chance

    def label(self, scope: Scope, stem: str, chance: float = 0.15) -> str:
        return self.fresh(stem) if scope.labels and self.odds(chance) else ""

    # Pipelines ---------------------------------------------------------------------------------------------

    def body(self, shape: Shape, scope: Scope, most: int = 3) -> tuple[Body, Shape]:
        """One to `most` stages from `shape` on, and what comes out."""
        stages: list[Stage] = []
        for _ in range(self.random.randint(1, most)):
            for stage in self.stage(shape, scope):
                stages.append(stage)
                shape = stage.flow(shape, scope.numbers)
            if self.budget <= 0:
                break
        return tuple(stages), shape

    def stage(self, shape: Shape, scope: Scope) -> Body:
        """A stage that takes `shape`, perhaps after one that makes the numbers fit."""
        self.budget -= 1
        if scope.depth > 0 and self.budget > 0 and self.odds(0.2 if self.wanted else 0.45):
            made = self.random.choice(STRUCTURES)(self, shape, scope)
            if made is not None and self.fits(made, shape, scope):
                return (made,)
        for _ in range(4):
            found = self.unary(shape, scope)
            if found:
                return found
        return (Apply(OPS["relu"]()),)

    def fits(self, stage: Stage, shape: Shape, scope: Scope) -> bool:
        try:
            return small(stage.flow(shape, scope.numbers))
        except OpError:
            return False

    def unary(self, shape: Shape, scope: Scope) -> Body:
        """An operator, first one of those that are wanted; those that do not fit wait for another value."""
        if self.wanted and self.odds(0.8):
            name, given = self.wanted.pop(0)
            found = self.operator(name, given, shape, scope)
            if not found:
                self.wanted.append((name, given))
            return found
        return self.operator(self.random.choice(UNARY), "", shape, scope)

    def operator(self, name: str, given: str, shape: Shape, scope: Scope) -> Body:
        """One of that name, as a stage or a merge; nothing where none fits."""
        if name in SEVERAL and (name not in UNARY or (not given and self.odds(0.5))):
            made = self.several(name, shape, scope, given)
            return (made,) if made is not None else ()
        if name not in UNARY:
            return ()
        op = draw(self.random, name, shape, given=given)
        if op is None:
            return ()
        op = self.numbered(op, shape, scope)
        stage = Apply(op, self.label(scope, "layer") if op.stateful and op.called else "")
        return (*self.before(name, op, shape), stage)

    def numbered(self, op: Op, shape: Shape, scope: Scope) -> Op:
        """Perhaps with a parameter in the place of a number."""
        out = getattr(op, "out", None)
        if out is None or not scope.numbers or self.odds(0.4):
            return op
        name = self.random.choice(list(scope.numbers))
        changed = type(op)(**{**vars(op), "out": Named(scope.numbers[name], name)})
        try:
            return changed if small(changed.infer(shape)) else op
        except OpError:
            return op

    def before(self, name: str, op: Op, shape: Shape) -> Body:
        """What makes the numbers fit: positive, or not too large."""
        if name in POSITIVE or (name == "div" and getattr(op, "reverse", False)):
            made = [Apply(OPS[self.random.choice(("sigmoid", "softplus", "exp"))]())]
            if made[0].op.name == "exp":
                made.insert(0, Apply(OPS["tanh"]()))
            return tuple(made)
        if name in HOT:
            tame = draw(self.random, self.random.choice(TAME), shape)
            return (Apply(tame or OPS["tanh"]()),) if self.odds(0.7) else ()
        return ()

    # Structure ---------------------------------------------------------------------------------------------

    def inner(self, scope: Scope, **changes: Any) -> Scope:
        return Scope(**{**vars(scope), "depth": scope.depth - 1, **changes})

    def several(self, name: str, shape: Shape, scope: Scope, given: str = "") -> Stage | None:
        """An operator of several values as a merge."""
        if scope.depth < 0:
            return None
        scope = self.inner(scope)
        for _ in range(2):
            branches = [self.branch(name, i, shape, scope) for i in range(self.arity(name))]
            try:
                shapes = [flow(branch, shape, scope.numbers) for branch in branches]
            except OpError:
                continue
            op = draw(self.random, name, *shapes, given=given)
            if op is not None:
                return Merge(op, tuple(branches))
        return None

    def arity(self, name: str) -> int:
        most = OPS[name].inputs[1]
        return 2 if most == 2 or self.odds(0.7) else 3

    def branch(self, name: str, place: int, shape: Shape, scope: Scope) -> Body:
        """A branch that is likely to go with the others."""
        axes = len(shape)
        choices: list[Callable[[], Body]] = [lambda: (Apply(OPS["identity"]()),), lambda: self.keeping(shape, scope)]
        if place:
            for other in PARTNERS.get(name, ()):
                fixed: dict[str, Any] = FLOW | {"out": axes - 1} if name == "warp" and axes > 2 else {}
                drawn = draw(self.random, other, shape, **fixed)
                if drawn is not None:
                    choices = [partial(_alone, drawn), *choices[:1]]
            if name in DIFFERENCES:
                return (Apply(OPS[self.random.choice(("sigmoid", "exp", "softplus", "square"))]()),)
            if name == "div":
                return (*self.random.choice(choices)(), Apply(OPS["softplus"]()))
        elif name == "pow":
            return (*self.random.choice(choices)(), Apply(OPS["sigmoid"]()))
        return self.random.choice(choices)()

    def keeping(self, shape: Shape, scope: Scope) -> Body:
        """A stage or two that keep the shape."""
        for _ in range(3):
            found = self.stage(shape, scope)
            try:
                if tuple(flow(found, shape, scope.numbers)) == tuple(shape):
                    return found
            except OpError:
                continue
        return (Apply(OPS[self.random.choice(("tanh", "sigmoid", "relu"))]()),)

    def merge(self, shape: Shape, scope: Scope) -> Stage | None:
        return self.several(self.random.choice(SEVERAL), shape, scope)

    def call(self, shape: Shape, scope: Scope) -> Stage | None:
        if not self.blocks:
            return None
        block = self.random.choice(self.blocks)
        argument: int = self.random.choice((1, 2, 3, 4))
        if scope.numbers and self.odds(0.3):
            name = self.random.choice(list(scope.numbers))
            argument = Named(scope.numbers[name], name)
        return Call(block, argument, self.label(scope, "part"))

    def loop(self, shape: Shape, scope: Scope) -> Stage | None:
        turns = self.random.randint(1, 3)
        if self.odds(0.5):
            body, _ = self.body(shape, self.inner(scope, labels=False), 2)
            return Loop("", (1,) * turns, body)
        name = self.fresh("n")
        values = tuple(self.random.choice((1, 2, 3, 4)) for _ in range(turns))
        inner = self.inner(scope, labels=False, numbers={**scope.numbers, name: values[0]})
        op = draw(self.random, self.random.choice(("conv", "linear", "separable_conv", "deconv")), shape)
        if op is None:
            return None
        op = type(op)(**{**vars(op), "out": Named(values[0], name)})
        try:
            after = op.infer(shape)
        except OpError:
            return None
        body, _ = self.body(after, inner, 1) if self.odds(0.5) else ((), after)
        return Loop(name, values, (Apply(op), *body))

    def choice(self, shape: Shape, scope: Scope) -> Stage | None:
        if not shape:
            return None
        then, _ = self.body(shape, self.inner(scope), 1)
        other: Body = ()
        if self.odds(0.5):
            other, _ = self.body(shape, self.inner(scope), 1)
        return Choice(self.random.choice((1, 2, 3)), then, other)

    def group(self, shape: Shape, scope: Scope) -> Stage | None:
        return Group(self.label(scope, "group", 0.5), self.body(shape, self.inner(scope), 2)[0])

    def layers(self, shape: Shape, scope: Scope) -> Stage | None:
        """What is fused, or just not: convolutions with norms, activations and sums around them."""
        pick = self.random.choice
        convolution = draw(self.random, pick(("conv", "conv", "conv", "deconv", "linear", "max_pool")), shape)
        if convolution is None:
            return None
        stages: list[Stage] = [Apply(convolution)]
        after = convolution.infer(shape)
        around = ("batch_norm", "relu", "batch_norm", "leaky_relu", "silu", "relu6", "clamp", "tanh")
        for _ in range(self.random.randint(1, 3)):
            more = draw(self.random, pick(around), after)
            stages.append(Apply(more or OPS["relu"]()))
        if self.odds(0.3) and len(shape) > 1:
            before = [Apply(op) for name in ("batch_norm", "relu") if (op := draw(self.random, name, shape))]
            stages = [*before, *stages]
        if tuple(after) == tuple(shape) and self.odds(0.7):
            branches: list[Body] = [tuple(stages), (Apply(OPS["identity"]()),)]
            self.random.shuffle(branches)
            return Group("", (Merge(OPS["add"](), tuple(branches)), Apply(OPS[pick(("relu", "tanh"))]())))
        return Group("", tuple(stages))

    def halves(self, shape: Shape, scope: Scope) -> Stage | None:
        split = draw(self.random, "split", shape)
        if split is None or len(split.infer(shape)) < 2:
            return None
        parts = split.infer(shape)
        worked = self.keeping(parts[0], self.inner(scope, labels=False))
        join = draw(self.random, self.random.choice(("concat", "add", "mul", "stack")), *parts[1:], parts[0])
        return None if join is None else Halves(split, tuple(self.fresh("h") for _ in parts), worked, join)

    def block(self) -> None:
        """A definition, tried on one shape; calls try it on theirs."""
        shape = self.shape()
        if self.odds(0.5):
            name = self.fresh("c")
            scope = Scope(numbers={name: self.random.choice((2, 3, 4))}, labels=False, depth=1)
            first = next(
                (op for _ in range(4) if (op := draw(self.random, "conv" if len(shape) > 1 else "linear", shape))), None
            )
            if first is None:
                return
            first = type(first)(**{**vars(first), "out": Named(scope.numbers[name], name)})
            try:
                after = first.infer(shape)
            except OpError:
                return
            body, _ = self.body(after, scope, 2)
            self.blocks.append(Block(self.fresh("block"), name, (Apply(first), *body)))
            return
        body, _ = self.body(shape, Scope(depth=1), 3)
        self.blocks.append(Block(self.fresh("block"), "", body))

    def shape(self) -> Shape:
        """Of an input: vectors, sequences, pictures, volumes; odd and even, sometimes one point."""
        channels = self.random.choice((1, 2, 3, 4, 4, 6, 6))
        rank = self.random.choice((0, 1, 2, 2, 2, 2, 3))
        if self.odds(0.06):
            return (channels, *(1,) * max(rank, 1))
        most = {0: 1, 1: 12, 2: 9, 3: 5}[rank]
        return (channels, *(self.random.randint(max(2, most // 2), most) for _ in range(rank)))


STRUCTURES = (
    Writer.merge, Writer.merge, Writer.layers, Writer.layers, Writer.layers, Writer.call, Writer.call, Writer.loop,
    Writer.choice, Writer.group, Writer.halves,
)  # fmt: skip


def _alone(op: Op) -> Body:
    return (Apply(op),)


FLOW: dict[str, Any] = {
    "kernel": 1,
    "stride": 1,
    "pad": None,
    "groups": 1,
    "dilation": 1,
}  # a convolution that makes one

# What makes a second operand that the operator takes, besides one of the same shape.
PARTNERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("add", "mul", "sub", "div"), ("global_avg_pool", "global_max_pool", "mean")),
    "concat": ("conv", "linear"),
    "matmul": ("transpose",),
    "warp": ("conv",),
    "crop": ("max_pool", "avg_pool", "slice"),
    "resize": ("max_pool", "upsample", "conv"),
}
