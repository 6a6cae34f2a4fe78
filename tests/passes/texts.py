"""Random networks full of what can be fused, and of what nearly can: small, flat, a function of the seed alone.

`python -m tests.passes.texts SEED` prints one.
"""

from __future__ import annotations

import sys
from random import Random

CHANNELS = (2, 4, 6)
ACTIVATIONS = ("relu", "relu6", "leaky_relu(0.1)", "leaky_relu(-0.5)", "silu", "tanh", "softmax", "prelu")


def text(seed: int) -> str:
    """One network: statements that read earlier values, some of them twice, and outputs for all that is left."""
    random = Random(seed)
    values: dict[str, tuple[int, int]] = {"x": (4, 8)}  # name -> channels, extent
    unread = ["x"]
    lines = ["  input x: 4x8x8"]
    shared = 0
    if random.random() < 0.4:
        lines.append("  shared twin = conv(4, 3)")
        shared = 4
    for number in range(random.randint(4, 16)):
        source = random.choice(unread[-2:] if unread and random.random() < 0.7 else [*values])
        channels, extent = values[source]
        stages, (channels, extent) = statement(random, values, source, channels, extent, bool(shared))
        name = f"v{number}"
        lines.append(f"  {name} = {stages}")
        values[name] = channels, extent
        unread = [value for value in unread if value not in stages.replace("(", " ").replace(",", " ").split()]
        unread.append(name)
    if shared and not any("twin" in line for line in lines[2:]):
        lines.remove("  shared twin = conv(4, 3)")
    ends = [value for value in unread if value != "x"] or [name]
    if random.random() < 0.3:
        ends.append(random.choice([value for value in values if value != "x"]))
    for place, value in enumerate(dict.fromkeys(ends)):
        aux = "aux " if place and random.random() < 0.3 else ""
        lines.append(f"  {aux}output y{place} = {value}")
    if "x" in unread:
        lines.append("  output last = x -> max_pool(2)")
    return "net n {\n" + "\n".join(lines) + "\n}\n"


def statement(
    random: Random, values: dict[str, tuple[int, int]], source: str, channels: int, extent: int, shared: bool
) -> tuple[str, tuple[int, int]]:
    """A statement that begins with `source`, and the shape of what it yields."""
    same = [name for name, shape in values.items() if shape == (channels, extent)]
    level = [name for name, shape in values.items() if shape[1] == extent]
    larger = [name for name, shape in values.items() if shape[1] > extent]
    match random.randrange(14):
        case 0 | 1 | 2:
            out = random.choice(CHANNELS)
            groups = random.choice([1, 1, 1, 2])
            kernel = random.choice(["1", "1", "3", "3, dilation = 2", "2, pad = [[0, 1], [1, 0]]"])
            settings = (f", groups = {groups}" if groups > 1 else "") + random.choice(["", ", bias = false"])
            return f"{source} -> conv({out}, {kernel}{settings})", (out, extent)
        case 3 | 4:
            return f"{source} -> batch_norm", (channels, extent)
        case 5 | 6:
            return f"{source} -> {random.choice(ACTIVATIONS)}", (channels, extent)
        case 7:
            return f"{source} + {random.choice(same)}", (channels, extent)
        case 8 | 9:
            others = random.choices(level, k=random.randint(1, 3))
            total = channels + sum(values[name][0] for name in others)
            return f"concat({', '.join([source, *others])})", (total, extent)
        case 10:
            if larger:
                bigger = random.choice(larger)
                cut = f"concat({bigger} -> crop({source}), {source})"
                return cut, (channels + values[bigger][0], extent)
            return f"{source} -> {random.choice(['dropout(0.5)', 'identity'])}", (channels, extent)
        case 11 if extent > 2:
            pool = random.choice(
                ["max_pool(2)", "avg_pool(2)", "max_pool(3, stride = 2, pad = 1)", "conv(4, 1, stride = 2)"]
            )
            return f"{source} -> {pool}", (4 if "conv" in pool else channels, extent // 2)
        case 12 if shared and channels == 4:
            return f"{source} -> twin", (4, extent)
        case _:
            pooled = random.choice(["max_pool(3, stride = 1, pad = 1)", "lrn(3)", "drop_path(0.2)"])
            return f"{source} -> {pooled}", (channels, extent)


if __name__ == "__main__":
    print(text(int(sys.argv[1])), end="")
