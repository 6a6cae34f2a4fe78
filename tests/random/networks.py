"""Whole networks: inputs, named values, shared modules, parameters, outputs, targets and a loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from netdsl.ops import OPS
from netdsl.ops.op import Classes, Loss, Shape, attributes
from netdsl.text import operator_text, shape_text
from tests.random.drawing import draw, whole
from tests.random.stages import Apply, Body, flow, text
from tests.random.writer import DIFFERENCES, LOSSES, SEVERAL, WANTED, Scope, Writer

# Losses of probabilities, and what makes these of any numbers.
PROBABILITIES = {"nll": "softmax", "binary_cross_entropy": "tanh -> sigmoid", "kl": "log_softmax", "dice": "sigmoid"}


WISHES = 7  # operators that a network is asked to hold, all of them in their turn


class Net:
    """One network while it is written; a text is a function of its seed alone."""

    first: tuple[Callable[[Any], None], ...] = ()  # statements that it has in any case

    def __init__(self, seed: int) -> None:
        self.writer = Writer(Random(seed))
        self.losses = [LOSSES[(3 * seed + i) % len(LOSSES)] for i in range(3)]
        self.wanted = [WANTED[(WISHES * seed + i) % len(WANTED)] for i in range(WISHES)]
        self.random = self.writer.random
        self.values: dict[str, Shape] = {}
        self.unread: dict[str, None] = {}
        self.lines: list[str] = []
        self.targets: dict[str, Shape] = {}

    def text(self) -> str:
        for _ in range(self.random.randint(0, 2)):
            self.writer.block()
        self.writer.budget = 10
        self.writer.wanted = self.wanted
        inputs = [self.add("x", self.writer.shape()) for _ in range(self.random.choice((1, 1, 2)))]
        for statement in self.first:
            statement(self)
        for i in range(8):
            if i > self.random.randint(2, 4) and not self.writer.wanted:
                break
            self.random.choice(STATEMENTS if i < 4 else (Net.pipeline,))(self)
        outputs = list(self.outputs(inputs))
        loss = self.loss([name for name, _ in outputs])
        head = [f"  input {name}: {shape_text(self.values[name])}" for name in inputs]
        head += [f"  target {name}: {shape_text(shape)}" for name, shape in self.targets.items()]
        tail = [line for _, line in outputs] + loss
        self.lines += tail
        blocks = [block.definition() for block in self.writer.blocks if self.used(block.name)]
        return "\n".join([*blocks, "net f {", *head, *self.lines, "}", ""])

    def used(self, block: str) -> bool:
        """Whether the network, or a block that it uses, calls it: what nothing calls says nothing."""
        callers = [b for b in self.writer.blocks if b.name != block and block in _words(text(b.body))]
        return block in _words("\n".join(self.lines)) or any(self.used(b.name) for b in callers)

    # Values ------------------------------------------------------------------------------------------------

    def add(self, stem: str, shape: Shape) -> str:
        name = self.writer.fresh(stem)
        self.values[name] = shape if isinstance(shape, Loss) else whole(shape)
        self.unread[name] = None
        return name

    def pick(self) -> str:
        """A value, preferably one that nothing reads yet."""
        pool = list(self.unread) if self.unread and self.random.random() < 0.5 else list(self.values)
        return self.random.choice(pool)

    def say(self, name: str, line: str, *read: str) -> None:
        """A statement that defines `name` and reads some values."""
        self.lines.append(f"  {name} = {line}")
        for value in read:
            self.unread.pop(value, None)

    def pipeline(self) -> None:
        source = self.pick()
        body, shape = self.writer.body(self.values[source], Scope())
        self.say(self.add("v", shape), f"{source} -> {text(body)}", source)

    def several(self) -> None:
        """An operator of named values, or of one twice."""
        first = self.pick()
        shape = self.values[first]
        others = [name for name, other in self.values.items() if len(other) == len(shape)]
        second = first if self.random.random() < 0.3 else self.random.choice(others)
        name = self.random.choice(SEVERAL)
        op = draw(self.random, name, shape, self.values[second])
        if op is None or name in ("pow", "div") or (name in DIFFERENCES and first == second):
            return
        stage, bracket, rest = operator_text(op).partition("(")
        applied = f"{stage}({first}, {second}{', ' + rest if bracket else ')'}"
        self.say(self.add("v", op.infer(shape, self.values[second])), applied, first, second)

    def shared(self) -> None:
        """One module, or several in a row, used twice or three times."""
        source = self.pick()
        shape = self.values[source]
        stem = self.writer.random.choice(("conv", "linear", "batch_norm", "separable_conv", "deconv", "prelu", "scale"))
        first = draw(self.random, stem, shape)
        if first is None:
            return self.pipeline()
        body: Body = (Apply(first),)
        if self.random.random() < 0.4:
            more, _ = self.writer.body(flow(body, shape, {}), Scope(labels=False, depth=0), 2)
            body = (*body, *more)
        after = flow(body, shape, {})
        name = self.writer.fresh("t")
        self.lines.append(f"  shared {name} = {text(body)}")
        self.say(self.add("v", after), f"{source} -> {name}", source)
        again = self.writer.random.choice(("tanh", "relu", "neg", "identity"))
        self.say(self.add("v", after), f"{source} -> {again} -> {name}")
        if tuple(after) == tuple(shape) and self.random.random() < 0.5:
            last = list(self.values)[-1]
            self.say(self.add("v", after), f"{last} -> {name}", last)
        return None

    def parameter(self) -> None:
        """A learned tensor that meets a value of its shape, or of its channels."""
        source = self.pick()
        shape = self.values[source]
        if not shape:
            return self.pipeline()
        everywhere = len(shape) < 2 or self.random.random() < 0.5
        op = draw(self.random, "parameter", shape=whole(shape if everywhere else shape[:1]))
        if op is None:
            return self.pipeline()
        name = self.writer.fresh("p")
        self.say(name, operator_text(op))
        if everywhere and self.random.random() < 0.5:
            self.say(
                self.add("v", (2 * whole(shape)[0], *shape[1:])),
                f"concat({source}, {name} -> expand({source}))",
                source,
            )
        else:
            sign = self.random.choice("+-*")
            self.say(self.add("v", shape), f"{source} {sign} {name}", source)
        return None

    def parts(self) -> None:
        source = self.pick()
        op = draw(self.random, "split", self.values[source])
        if op is None or len(op.infer(self.values[source])) == 1:
            return self.pipeline()
        names = [self.add("s", shape) for shape in op.infer(self.values[source])]
        self.say(", ".join(names), f"{source} -> {operator_text(op)}", source)
        return None

    # Outputs -----------------------------------------------------------------------------------------------

    def outputs(self, inputs: list[str]) -> Iterator[tuple[str, str]]:
        """Every value that nothing reads, and sometimes one that is read; an input is worked on first."""
        names = list(self.unread)
        if len(names) > 4:
            names = [*names[:3], self.joined(names[3:])]
        read = [name for name in self.values if name not in self.unread and name not in inputs]
        if read and (not names or self.random.random() < 0.3):
            names.append(self.random.choice(read))
        for i, name in enumerate(names):
            aux = "aux " if i and self.random.random() < 0.25 else ""
            shape = self.values[name]
            if name in inputs:
                body, shape = self.writer.body(shape, Scope(), 1)
                name = f"{name} -> {text(body)}"
            output = self.add("y", shape)
            yield output, f"  {aux}output {output} = {name}"

    def joined(self, names: list[str]) -> str:
        """One vector of several values: their means, side by side."""
        numbers = [name if not self.values[name] else f"{name} -> mean" for name in names]
        self.say(self.add("v", (len(names),)), f"stack({', '.join(numbers)})")
        return list(self.values)[-1]

    # The loss ----------------------------------------------------------------------------------------------

    def loss(self, outputs: list[str]) -> list[str]:
        if self.random.random() < 0.25:
            return []
        terms = [self.term(self.random.choice(outputs), name) for name in self.losses]
        if self.random.random() < 0.3:
            terms.append(self.term(self.random.choice(outputs), self.random.choice(("number", "one_hot"))))
        factor = self.random.choice((0.3, 2, 0.5))
        known = [term for term in terms if term]
        if not known:
            return []
        return ["  loss = " + self.random.choice((" + ", f" + {factor} * ", " - ")).join(known)]

    def target(self, shape: Shape) -> str:
        name = self.writer.fresh("label" if isinstance(shape, Classes) else "goal")
        self.targets[name] = shape
        return name

    def term(self, output: str, name: str) -> str:
        """A loss of one output, or a number made of it."""
        shape = self.values[output]
        if isinstance(shape, Loss):
            return output
        if name == "number":
            return f"mean(mean({output}))" if shape else f"mean({output})"
        if name == "one_hot":
            if not shape:
                return ""
            label = self.target(Classes(shape[1:]))
            return f"mse({output}, {label} -> one_hot({shape[0]}))"
        if name in ("hinge", "triplet") and len(shape) > 1:  # these take vectors only
            output, shape = f"{output} -> flatten", (math.prod(whole(shape)),)
        operands: list[Any] = [shape] * (OPS[name].inputs[1] or 2)
        if OPS[name].class_inputs == (1,):
            operands[1] = Classes(shape[1:])
        if name == "contrastive":
            operands[2] = (1,)
        given = self.random.choice([f.name for f in attributes(OPS[name])])
        op = draw(self.random, name, *operands, given=given)
        if op is None or (not shape and name in ("kl", "nll", "dice")):
            return ""
        return self.applied(name, op, output, operands)

    def applied(self, name: str, op: Any, output: str, operands: list[Any]) -> str:
        first = output
        bounded = not getattr(op, "logits", False) and not (name == "nll" and op.log)
        if name in PROBABILITIES and bounded and (operands[0] or name == "binary_cross_entropy"):
            first = f"{output} -> {PROBABILITIES[name]}"
        given = [first]
        for shape in operands[1:]:
            goal = self.target(shape)
            positive = name in ("kl", "dice", "binary_cross_entropy", "contrastive")
            given.append(f"{goal} -> sigmoid" if positive else goal)
        stage, bracket, rest = operator_text(op).partition("(")
        return f"{stage}({', '.join(given)}{', ' + rest if bracket else ')'}"


STATEMENTS = (
    Net.pipeline, Net.pipeline, Net.pipeline, Net.several, Net.several, Net.shared, Net.parameter, Net.parts,
)  # fmt: skip


def _words(line: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "_" else " " for c in line).split()


def network(seed: int) -> str:
    """A whole text whose network is called `f`."""
    return Net(seed).text()


if __name__ == "__main__":
    import sys

    print(network(int(sys.argv[1])))
