"""Random networks of what passes look for: convolutions, norms, activations, sums, concats, pools, shared modules.

A text is a function of its seed. A value may be read by any later statement, so that each fusion is sometimes possible
and sometimes in somebody's way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

ACTIVATIONS = ("relu", "relu", "relu", "relu6", "leaky_relu(0.2)", "silu", "tanh", "sigmoid", "elu", "softplus")


@dataclass(frozen=True)
class Value:
    name: str
    channels: int
    size: int  # of both spatial axes


@dataclass
class Writer:
    random: Random
    values: list[Value] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    fresh: list[Value] = field(default_factory=list)  # inputs that nothing reads yet
    modules: dict[str, tuple[int, int]] = field(default_factory=dict)  # shared convolution -> channels in, channels out

    def text(self) -> str:
        """A whole net."""
        for name in ("x", "z")[: self.random.choice((1, 1, 2))]:
            self.values.append(Value(name, self.random.randint(2, 6), 8))
            self.lines.append(f"input {name}: {self.values[-1].channels}x8x8")
        self.fresh = list(self.values)
        for number in range(self.random.randint(4, 12)):
            self.statement(f"v{number}")
        read = "\n".join(self.lines)
        unread = [value for value in self.values if f"{value.name} ->" not in read and f"{value.name})" not in read]
        unread += self.random.sample(self.values[-3:], self.random.choice((0, 0, 1)))
        for number, value in enumerate(dict.fromkeys(v for v in unread if v.name.startswith("v"))):
            self.lines.append(f"output y{number} = {self.head(value)}")
        if "output" not in "\n".join(self.lines):
            self.lines.append(f"output y = {self.head(self.values[-1])}")
        return "net f {\n  " + "\n  ".join(self.lines) + "\n}\n"

    def head(self, value: Value) -> str:
        more = ("", " -> flatten -> linear(3)", " -> global_avg_pool -> linear(3)", " -> relu -> global_max_pool")
        return f"{value.name} -> identity{self.random.choice(more)}"

    def pick(self) -> Value:
        """Every input once, then mostly something recent."""
        if self.fresh:
            return self.fresh.pop()
        return self.random.choice(self.values[-3:] if self.random.random() < 0.7 else self.values)

    def alike(self, value: Value) -> list[Value]:
        return [v for v in self.values if (v.channels, v.size) == (value.channels, value.size)]

    def statement(self, name: str) -> None:
        value = self.pick()
        kind = self.random.choice(
            ("chain", "chain", "chain", "pre", "add", "add", "concat", "siblings", "shared", "crop")
        )
        text, channels, size = getattr(self, kind)(value)
        self.lines.append(f"{name} = {text}")
        self.values.append(Value(name, channels, size))

    # Each gives a pipeline, and the channels and extents of what comes out.

    def chain(self, value: Value) -> tuple[str, int, int]:
        text, channels, size = self.core(value)
        return f"{value.name} -> {text}{self.tail()}", channels, size

    def core(self, value: Value) -> tuple[str, int, int]:
        channels, size = self.random.choice((2, 4, 4, 6)), value.size
        bias = self.random.choice(("", ", bias = false"))
        match self.random.randrange(9):
            case 0 if size >= 4:
                return f"max_pool({self.random.choice(('2', '3, stride = 2, pad = 1'))})", value.channels, (size // 2)
            case 1 if size >= 4:
                return "avg_pool(2)", value.channels, size // 2
            case 2 if size < 8:
                return f"deconv({channels}, 2, stride = 2{bias})", channels, 2 * size
            case 3:
                return f"conv({value.channels}, 3, groups = {value.channels}{bias})", value.channels, size
            case 4 if size >= 4 and size % 2 == 0:
                return f"conv({channels}, 3, stride = 2{bias})", channels, size // 2
            case 5:
                return f"conv({channels}, 3, dilation = 2{bias})", channels, size
        return f"conv({channels}, {self.random.choice((1, 1, 3))}{bias})", channels, size

    def tail(self) -> str:
        """Norms and activations in any order."""
        some = [self.random.choice(("batch_norm", "batch_norm(eps = 0.01)")), self.random.choice(ACTIVATIONS)]
        match self.random.randrange(8):
            case 0:
                some = []
            case 1:
                some = some[:1]
            case 2:
                some = some[1:]
            case 3:
                some = some[::-1]
            case 4:
                some = [*some, "dropout(0.3)"]
        return "".join(f" -> {stage}" for stage in some)

    def pre(self, value: Value) -> tuple[str, int, int]:
        text, channels, size = self.core(value)
        return f"{value.name} -> batch_norm -> {self.random.choice(ACTIVATIONS)} -> {text}", channels, size

    def add(self, value: Value) -> tuple[str, int, int]:
        other = self.random.choice(self.alike(value)).name
        if self.random.random() < 0.6:
            other = f"{other} -> conv({value.channels}, {self.random.choice((1, 3))}) -> batch_norm"
        pair = [value.name, other]
        self.random.shuffle(pair)
        return (
            f"add({pair[0]}, {pair[1]}){self.random.choice(('', ' -> relu', ' -> batch_norm'))}",
            value.channels,
            value.size,
        )

    def concat(self, value: Value) -> tuple[str, int, int]:
        near = [v for v in self.values if v.size == value.size]
        some = [self.random.choice(near) for _ in range(self.random.randint(1, 2))]
        parts = [value.name, *(v.name for v in some)]
        if self.random.random() < 0.5:
            parts[0] = f"{value.name} -> conv({value.channels}, 3) -> relu"
        more = self.random.choice(("", " -> conv(4, 3)", " -> conv(4, 1) -> batch_norm -> relu"))
        channels = 4 if more else value.channels + sum(v.channels for v in some)
        return f"concat({', '.join(parts)}){more}", channels, value.size

    def siblings(self, value: Value) -> tuple[str, int, int]:
        end = self.random.choice(("", " -> relu", " -> batch_norm -> relu"))
        arms = f"conv(4, 1){end}; conv(2, 1){end} -> conv(4, 3); conv(4, 1){end}"
        merge = self.random.choice(("concat", "add"))
        return f"{value.name} -> {merge} {{ {arms} }}", 12 if merge == "concat" else 4, value.size

    def shared(self, value: Value) -> tuple[str, int, int]:
        """A convolution and a norm that may be used again, where the channels suit; else new ones."""
        suiting = [name for name, (channels, _) in self.modules.items() if channels == value.channels]
        new = not suiting
        if new:
            suiting = [f"{len(self.modules)}"]
            self.modules[suiting[0]] = (value.channels, value.channels)
            self.lines.append(f"shared c{suiting[0]} = conv({value.channels}, 3)")
            self.lines.append(f"shared n{suiting[0]} = batch_norm")
        name = self.random.choice(suiting)
        tails = [f" -> n{name} -> relu", f" -> n{name}", f" -> n{name} -> c{name} -> n{name}"]
        more = self.random.choice(tails if new else [*tails, " -> batch_norm", ""])
        return f"{value.name} -> c{name}{more}", value.channels, value.size

    def crop(self, value: Value) -> tuple[str, int, int]:
        if value.size < 4:
            return self.chain(value)
        size = value.size - 2
        cut = f"crop(size = [{size}, {size}])"
        return f"concat({value.name} -> {cut}, {value.name} -> conv(2, 3, pad = 0)) -> conv(4, 3)", 4, size


def text(seed: int) -> str:
    return Writer(Random(seed)).text()


if __name__ == "__main__":
    import sys

    print(text(int(sys.argv[1])))
