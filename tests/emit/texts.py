"""Random netdsl texts for the emitter: nearly always valid, small, and strange.

Blocks keep the size of a map, so that any two branches can meet; only the net and its heads change it. A text is a
function of its seed alone. What a text may say is decided by `Scope`: the names of numbers, flags, lists and blocks
that can be read at a place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random


@dataclass(frozen=True)
class Scope:
    """What can be read here. `head` says that the flow is what entered the braces, so `in.channels` is its width."""

    ints: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()  # small numbers that may be zero
    flags: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    units: tuple[str, ...] = ()  # block parameters that take a width
    acts: tuple[str, ...] = ()  # block parameters that take nothing and keep the shape
    labelled: bool = False
    prefix: str = ""
    depth: int = 3
    once: bool = True  # not in a loop, so a module may be shared here


@dataclass(frozen=True)
class Block:
    name: str
    parameters: tuple[tuple[str, str, bool], ...]  # name, kind, whether it has a default
    rest: bool = False


@dataclass
class Writer:
    """Writes one text; `budget` counts the stages that may still be written."""

    random: Random
    blocks: list[Block] = field(default_factory=list)
    budget: int = 40
    count: int = 0

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def one(self, *choices: str) -> str:
        return self.random.choice(choices)

    def odds(self, chance: float) -> bool:
        return self.random.random() < chance

    # Numbers -----------------------------------------------------------------------------------------------

    def width(self, scope: Scope, *, head: bool = False) -> str:
        """A small positive number; over `in` only at the head of a pipeline."""
        names = [*scope.ints, *scope.ints, *(f"{i} + 1" for i in scope.indices)]
        if head:
            names.append("in.channels")
        if not names or self.odds(0.2):
            return str(self.random.randint(1, 5))
        name = self.random.choice(names)
        others = [n for n in names if n != "in.channels"] or ["2"]
        match self.random.randrange(14):
            case 0 | 1:
                return f"{name} + {self.random.randint(1, 2)}" if "+" not in name else name
            case 2:
                return f"2 * {name}" if "+" not in name else name
            case 3:
                return f"{name} // 2 + 1" if "+" not in name else name
            case 4:
                return f"max({name}, {self.random.randint(2, 4)})"
            case 5:
                return f"min({name}, 6)"
            case 6:
                return f"({name}) * 3 % 5 + 1"
            case 7 if scope.flags:
                return f"({name} if {self.random.choice(scope.flags)} else {self.random.randint(1, 4)})"
            case 8 if scope.lists:
                return f"{self.random.choice(scope.lists)}[0]"
            case 9 if scope.lists:
                return f"len({self.random.choice(scope.lists)})"
            case 10:
                return f"{name} + {self.random.choice(others)}"
        return name

    def condition(self, scope: Scope, *, head: bool = False) -> str:
        options = [*scope.flags, *scope.flags]
        options += [f"{i} > 0" for i in scope.indices] + [f"{i} % 2 == 0" for i in scope.indices]
        for name in scope.ints:
            options += [f"{name} > {self.random.randint(1, 5)}", f"{name} % 2 == 0"]
            if head:
                options.append(f"in.channels != {name}")
        if head:
            options.append(f"in.channels > {self.random.randint(2, 6)}")
        options.append(self.one("true", "false"))
        found = self.random.choice(options)
        match self.random.randrange(8):
            case 0:
                return f"not ({found})"
            case 1:
                return f"{found} and {self.random.choice(options)}"
            case 2:
                return f"{found} or {self.random.choice(options)}"
        return found

    def items(self, scope: Scope) -> str:
        if scope.lists and self.odds(0.6):
            return self.random.choice(scope.lists)
        return f"[{', '.join(self.width(scope) for _ in range(self.random.randint(1, 3)))}]"

    def repeats(self, scope: Scope) -> str:
        if scope.indices and self.odds(0.4):
            return self.random.choice(scope.indices)
        if scope.ints and self.odds(0.4):
            return f"min({self.random.choice(scope.ints)}, 3)"
        if scope.lists and self.odds(0.2):
            return f"len({self.random.choice(scope.lists)})"
        return str(self.random.randint(0, 3))

    # Stages ------------------------------------------------------------------------------------------------

    def label(self, scope: Scope, stem: str) -> str:
        """A label, where the stages of this body have labels; inside a loop it is computed."""
        if not scope.labelled:
            return ""
        name = self.fresh(stem)
        return f'"{name}_{scope.prefix}": ' if scope.prefix else f"{name}: "

    def convolution(self, scope: Scope, *, head: bool) -> str:
        width = self.width(scope, head=head)
        more = self.one("", "", "", ", bias = false", ", dilation = 2", ", groups = 1", ", init = normal(0.1)")
        if head and self.odds(0.15):
            return f"conv(in.channels, 3, groups = in.channels{self.one('', ', bias = false')})"
        if scope.flags and self.odds(0.1):
            more = f", bias = {self.random.choice(scope.flags)}"
        return f"conv({width}, {self.one('1', '3', '3')}{more})"

    def light(self, scope: Scope) -> str:
        if scope.acts and self.odds(0.4):
            return self.random.choice(scope.acts)
        return self.one(
            "relu", "tanh", "sigmoid", "relu6", "leaky_relu(0.2)", "elu", "identity",
            "max_pool(3, stride = 1, pad = 1)", "avg_pool(3, stride = 1, pad = 1)", "l2_normalise", "dropout(0.5)",
        )  # fmt: skip

    def stage(self, scope: Scope, *, head: bool = False) -> str:
        """One stage that keeps the size of a map."""
        self.budget -= 1
        inner = replace(scope, depth=scope.depth - 1)
        if self.budget > 0 and scope.depth > 0:
            match self.random.randrange(20):
                case 0 | 1 | 2:
                    return self.merge(inner)
                case 3 | 4:
                    return self.choice(inner)
                case 5 | 6 | 7:
                    return self.loop(inner)
                case 8:
                    return f"{self.label(scope, 'group')}{{ {self.body(replace(inner, labelled=self.odds(0.4)))} }}"
                case 9 | 10 | 11 | 12 if self.blocks or scope.units:
                    return f"{self.label(scope, 'unit')}{self.call(scope, head=head)}"
        if self.odds(0.5):
            return f"{self.label(scope, 'conv')}{self.convolution(scope, head=head)}"
        if self.odds(0.25):
            return f"{self.label(scope, 'norm')}{self.one('batch_norm', 'batch_norm', 'scale(bias = true)', 'prelu')}"
        return self.light(scope)

    def call(self, scope: Scope, *, head: bool = False) -> str:
        if scope.units and (not self.blocks or self.odds(0.5)):
            return f"{self.random.choice(scope.units)}({self.width(scope, head=head)})"
        block = self.random.choice(self.blocks)
        if block.rest:
            more = self.one("", ", bias = false", ", act = tanh", ", init = dirac", ", dilation = 2")
            return f"{block.name}({self.width(scope, head=head)}, {self.one('1', '3')}{more})"
        given: list[str] = []
        named = False
        for name, kind, optional in block.parameters:
            if optional and self.odds(0.5):
                named = True
                continue
            value = self.argument(kind, scope, head=head)
            named = named or self.odds(0.2)
            given.append(f"{name} = {value}" if named else value)
        return f"{block.name}({', '.join(given)})" if given else block.name

    def argument(self, kind: str, scope: Scope, *, head: bool = False) -> str:
        match kind:
            case "int":
                return self.width(scope, head=head)
            case "index":
                return self.one(*scope.indices, "0", "1", "2")
            case "flag":
                return self.one(*scope.flags, "true", "false")
            case "list":
                return self.items(scope)
            case "unit":
                fitting = [b.name for b in self.blocks if [k for _, k, d in b.parameters if not d] == ["int"]]
                fitting = [b for b in fitting if not b.startswith("wrap")]
                return self.one(*scope.units, *fitting, *fitting)
        if self.odds(0.3):
            return self.one("{ batch_norm -> relu }", "{ scale }", "batch_norm -> tanh", "{ add { in; tanh } }")
        return self.one(*scope.acts, "relu", "tanh", "sigmoid", "identity", "batch_norm", "elu(0.5)")

    def merge(self, scope: Scope) -> str:
        branches: list[str] = []
        if self.odds(0.5):  # concat takes any widths
            for _ in range(self.random.randint(2, 3)):
                if self.odds(0.25):
                    name = self.fresh("k")
                    inner = replace(scope, ints=(*scope.ints, name), prefix=f"{scope.prefix}{{{name}}}_")
                    inner = replace(inner, depth=scope.depth - 1, once=False)
                    branches.append(f"each {name} in {self.items(scope)} {{ {self.pipeline(inner)} }}")
                else:
                    branches.append(self.one("identity", self.pipeline(scope), self.pipeline(scope)))
            return f"{self.label(scope, 'merge') if self.odds(0.2) else ''}concat {{ {'; '.join(branches)} }}"
        last = self.width(scope)
        for _ in range(self.random.randint(2, 3)):
            branches.append(f"{self.pipeline(scope)} -> {self.label(scope, 'last')}conv({last}, 1)")
        if self.odds(0.3):
            branches[-1] = f"if in.channels != {last} {{ {self.label(scope, 'skip')}conv({last}, 1) }}"
        return f"{self.one('add', 'mul', 'max')} {{ {'; '.join(branches)} }}"

    def choice(self, scope: Scope) -> str:
        text = f"if {self.condition(scope, head=True)} {{ {self.body(scope)} }}"
        if self.odds(0.2):
            text += f" else if {self.condition(scope, head=True)} {{ {self.pipeline(scope)} }}"
        return f"{text} else {{ {self.body(scope)} }}" if self.odds(0.5) else text

    def loop(self, scope: Scope) -> str:
        label = self.label(scope, "loop") if self.odds(0.5) else ""
        name, index = self.fresh("n"), self.fresh("i")
        scope = replace(scope, once=False)
        inner = replace(scope, prefix=f"{scope.prefix}{{{index}}}_")
        match self.random.randrange(5):
            case 0:
                inner = replace(scope, labelled=False, prefix="")
                return f"{label}repeat {self.repeats(scope)} {{ {self.body(inner)} }}"
            case 1:
                inner = replace(inner, ints=(*scope.ints, name), indices=(*scope.indices, index))
                return f"{label}for {index}, {name} in enumerate({self.items(scope)}) {{ {self.reads(inner, index)} }}"
            case 2:
                inner = replace(inner, indices=(*scope.indices, index))
                return f"{label}for {index} in range({self.repeats(scope)}) {{ {self.reads(inner, index)} }}"
            case 3:
                rows = [f"[{self.width(scope)}, {self.one('true', 'false')}]" for _ in range(self.random.randint(1, 3))]
                inner = replace(scope, ints=(*scope.ints, name), flags=(*scope.flags, index))
                inner = replace(inner, prefix=f"{scope.prefix}{{{name}}}_")
                return f"{label}for {name}, {index} in [{', '.join(rows)}] {{ {self.reads(inner, name)} }}"
        inner = replace(inner, ints=(*scope.ints, name), prefix=f"{scope.prefix}{{{name}}}_")
        over = self.one(self.items(scope), f"reversed({self.items(scope)})")
        return f"{label}for {name} in {over} {{ {self.reads(inner, name)} }}"

    def reads(self, scope: Scope, name: str) -> str:
        """A body in which `name` is likely to be read."""
        if self.odds(0.4):
            return self.body(scope)
        after = f" -> {self.stage(scope)}" if self.odds(0.6) else ""
        return f"{self.label(scope, 'conv')}conv({name} + 1, 1){after}"

    def pipeline(self, scope: Scope, *, head: bool = True) -> str:
        stages = [self.stage(scope, head=head)]
        while self.odds(0.5) and len(stages) < 4 and self.budget > 0:
            stages.append(self.stage(scope))
        return " -> ".join(stages)

    def body(self, scope: Scope) -> str:
        """Statements and a result; what is named is read."""
        width, flag = self.fresh("w"), self.fresh("q")
        lets = [f"let {width} = {self.width(scope, head=True)}", f"let {flag} = {self.condition(scope, head=True)}"]
        if self.odds(0.3):
            scope = replace(scope, ints=(*scope.ints, width))
        if self.odds(0.1):
            scope = replace(scope, flags=(*scope.flags, flag))
        match self.random.randrange(12):
            case 0 | 1:
                rest = "; ".join(self.named(scope))
            case 2 if scope.once:
                rest = "; ".join(self.shared(scope))
            case 3:
                rest = "; ".join(self.halves(scope))
            case _:
                rest = self.pipeline(scope)
        used = [let for let, name in zip(lets, (width, flag), strict=True) if re.search(rf"\b{name}\b", rest)]
        return "; ".join([*used, rest])

    def named(self, scope: Scope) -> Iterator[str]:
        """Values that are read later, in an order of their own."""
        names = [self.fresh("v") for _ in range(self.random.randint(2, 3))]
        for i, name in enumerate(names):
            source = "in" if i == 0 or self.odds(0.4) else self.random.choice(names[:i])
            yield f"{name} = {source} -> {self.pipeline(scope, head=source == 'in')}"
        self.random.shuffle(names)
        if self.odds(0.3):
            width = self.width(scope)
            label = self.label(scope, "to")
            sums = [f"({n} -> {label and self.label(scope, 'to')}conv({width}, 1))" for n in names]
            yield f"({self.one(' + ', ' - ', ' * ').join(sums)}) -> {self.light(scope)}"
        else:
            yield f"concat {{ {'; '.join(names)} }} -> {self.stage(scope)}"

    def shared(self, scope: Scope) -> Iterator[str]:
        name, a = self.fresh("t"), self.fresh("v")
        width = self.width(scope)
        module = self.one(f"conv({width}, 3)", f"conv({width}, 1) -> relu -> batch_norm", self.call(scope))
        yield f"shared {name} = {module}"
        yield f"{a} = in -> {name}"
        first = self.one("in", "in -> tanh")
        yield self.one(
            f"concat {{ {a} -> relu; {first} -> {name} }}", f"add {{ {a}; {first} -> {name} -> relu }}",
            f"{a} - ({first} -> {name})",
        )  # fmt: skip

    def halves(self, scope: Scope) -> Iterator[str]:
        a, b = self.fresh("v"), self.fresh("v")
        width = self.random.randint(1, 3)
        label = self.label(scope, "conv")
        yield f"{a}, {b} = in -> {label}conv({2 * width}, 1) -> split(2)"
        yield self.one(f"concat {{ {b}; {a} -> relu }}", f"mul {{ {b}; {a} -> sigmoid }}", f"{a} - {b}")

    # Definitions -------------------------------------------------------------------------------------------

    def block(self) -> str:
        match self.random.randrange(10):
            case 0:
                return self.wrapper()
            case 1:
                return self.recursive()
        name = self.fresh("block")
        kinds = ["int"] * self.random.randint(0, 2) + [
            k for k in ("flag", "list", "unit", "act", "index", "int") if self.odds(0.22)
        ]
        parameters, heads = [], []
        scope = Scope(labelled=self.odds(0.35))
        used: list[str] = []
        for kind in kinds:
            own = self.fresh("p")
            default = kind in ("int", "flag", "act", "list") and (self.odds(0.35) or bool(heads and "=" in heads[-1]))
            if heads and "=" in heads[-1] and not default:
                continue
            text = {"int": "3", "flag": self.one("true", "false"), "act": "relu", "list": "[2, 3]"}.get(kind, "")
            heads.append(f"{own} = {text}" if default else own)
            parameters.append((own, kind, default))
            scope = self.known(scope, own, kind)
            used.append(self.use(scope, own, kind))
        body = self.body(scope)
        unused = [u for (own, _, _), u in zip(parameters, used, strict=True) if not re.search(rf"\b{own}\b", body)]
        if unused:
            self.random.shuffle(unused)
            body = f"in -> {{ {body} }} -> {' -> '.join(unused)}"
        self.blocks.append(Block(name, tuple(parameters)))
        return f"block {name}({', '.join(heads)}) {{ {body} }}" if heads else f"block {name} {{ {body} }}"

    def known(self, scope: Scope, name: str, kind: str) -> Scope:
        match kind:
            case "int":
                return replace(scope, ints=(*scope.ints, name))
            case "flag":
                return replace(scope, flags=(*scope.flags, name))
            case "list":
                return replace(scope, lists=(*scope.lists, name))
            case "unit":
                return replace(scope, units=(*scope.units, name))
            case "index":
                return replace(scope, indices=(*scope.indices, name))
        return replace(scope, acts=(*scope.acts, name))

    def use(self, scope: Scope, name: str, kind: str) -> str:
        """A stage that reads a parameter."""
        label = self.label(scope, "use")
        match kind:
            case "int":
                return f"{label}conv({name}, 1)"
            case "flag":
                return f"if {name} {{ relu -> {label}conv(2, 1) }}"
            case "list":
                return f"{label}conv(sum({name}), 1)"
            case "unit":
                return f"{label}{name}(2)"
            case "index":
                inner = self.one("tanh", "avg_pool(3, stride = 1, pad = 1) -> relu", "max { tanh; relu }")
                return f"repeat {name} {{ {inner} }}"
        return f"{label}{name}"

    def wrapper(self) -> str:
        name = self.fresh("wrap")
        inner = [b for b in self.blocks if b.rest]
        called = self.random.choice(inner).name if inner and self.odds(0.5) else ""
        self.blocks.append(Block(name, (("c", "int", False), ("k", "int", False)), rest=True))
        if called:
            return f"block {name}(...args) = {called}(...args) -> tanh"
        norm = self.one("", " -> batch_norm")
        return f"block {name}(...args, act = relu) = conv(...args){norm} -> act"

    def recursive(self) -> str:
        name = self.fresh("level")
        scope = Scope(ints=("c",), indices=("depth",))
        self.blocks.append(Block(name, (("c", "int", False), ("depth", "index", False))))
        deeper = f"{name}({self.one('c', 'c + 1', 'min(2 * c, 6)')}, depth - 1)"
        blocks, self.blocks = self.blocks, self.blocks[:-1]
        before, after = self.pipeline(replace(scope, depth=1)), self.pipeline(replace(scope, depth=1), head=False)
        self.blocks = blocks
        inside = self.one(
            f"{deeper} -> {after}",
            f"concat {{ identity; {deeper} }}",
            f"up = in -> {deeper} -> conv(c, 1); concat {{ in -> conv(1, 1); up }} -> {after}",
            f"add {{ conv(c, 1); {deeper} -> conv(c, 1) }}",
        )
        arm = self.one("", f" else {{ {self.light(scope)} }}", " else { conv(c + 1, 1) }")
        return f"block {name}(c, depth) = {before} -> conv(c, 1) -> if depth > 0 {{ {inside} }}{arm}"


def text(seed: int) -> str:
    """A whole text whose network is called `f`."""
    writer = Writer(Random(seed))
    lines: list[str] = []
    if writer.odds(0.3):
        lines.append("let widths = [2, 4, 3]")
    lines.append(f"block plain(c) = conv(c, {writer.one('1', '3')}){writer.one('', ' -> relu')}")
    writer.blocks.append(Block("plain", (("c", "int", False),)))
    lines += [writer.block() for _ in range(writer.random.randint(1, 4))]
    writer.budget = max(writer.budget, 15)
    scope = Scope(lists=("widths",) if len(lines[0]) and "widths" in lines[0] else (), labelled=writer.odds(0.2))
    return "\n".join([*lines, *net(writer, scope)])


def net(writer: Writer, scope: Scope) -> Iterator[str]:
    """Inputs of one rank, values, outputs, and perhaps aux outputs and a loss."""
    rank = writer.random.choice((1, 2, 2, 2, 3))
    size = {1: 12, 2: 8, 3: 4}[rank]
    parameters = ""
    if writer.odds(0.4):
        scope = replace(scope, ints=("width",))
        parameters = f"(width = {writer.random.randint(2, 4)})"
    yield f"net f{parameters} {{"
    names = ["x", "image"][: writer.random.randint(1, 2)]
    for name in names:
        yield f"  input {name}: {writer.random.randint(1, 4)}x{'x'.join([str(size)] * rank)}"
    aux = writer.odds(0.25)
    if aux:
        yield "  target label: class"
    values: list[str] = list(names)
    for i in range(writer.random.randint(1, 3)):
        source = names[i] if i < len(names) else writer.random.choice(values)
        values.append(writer.fresh("u"))
        yield f"  {values[-1]} = {source} -> {path(writer, scope, size)}"
    yield from results(writer, scope, values, aux)
    yield "}"


def path(writer: Writer, scope: Scope, size: int) -> str:
    """Stages and calls, with a change of size at most once."""
    stages = [writer.stage(scope)]
    for _ in range(writer.random.randint(1, 3)):
        if writer.blocks and writer.odds(0.75):
            stages.append(f"{writer.label(scope, 'unit')}{writer.call(scope)}")
        else:
            stages.append(writer.stage(scope))
    if size > 4 and writer.odds(0.3):
        stages.insert(writer.random.randint(0, len(stages)), "max_pool(2)")
    return " -> ".join(stages)


def results(writer: Writer, scope: Scope, values: list[str], aux: bool) -> Iterator[str]:
    """Every value ends in some output."""
    heads: list[Callable[[], str]] = [
        lambda: f"flatten -> {writer.label(scope, 'fc')}linear({writer.random.randint(2, 4)})",
        lambda: f"global_avg_pool -> {writer.label(scope, 'fc')}linear({writer.width(scope)}) -> softmax",
        lambda: writer.stage(scope),
        lambda: "global_avg_pool -> l2_normalise",
    ]
    pooled = [f"{value} -> global_avg_pool" for value in values]
    if aux:
        yield f"  output logits = concat {{ {'; '.join(pooled)} }} -> {writer.label(scope, 'fc')}linear(4)"
        yield f"  aux output side = {values[-1]} -> flatten -> {writer.label(scope, 'fc')}linear(4)"
        yield "  loss = cross_entropy(logits, label) + 0.3 * cross_entropy(side, label)"
    elif writer.odds(0.5):
        yield f"  output y = concat {{ {'; '.join(pooled)} }} -> {writer.label(scope, 'fc')}linear(3)"
    else:
        for i, value in enumerate(values):
            yield f"  output y{i} = {value} -> {writer.random.choice(heads)()}"


if __name__ == "__main__":
    import sys

    print(text(int(sys.argv[1])))
