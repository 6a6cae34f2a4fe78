"""An operator drawn from its declaration: attributes from the samples of their kinds, kept where the shapes fit."""

from __future__ import annotations

import dataclasses
import math
from random import Random
from typing import Any

from netdsl.ops import OPS
from netdsl.ops.op import Op, OpError, attributes, build

LARGEST = 1500  # numbers in a value; larger ones only take longer
MOST_AXES = 5


def draw(random: Random, name: str, *shapes: Any, given: str = "", **fixed: Any) -> Op | None:
    """An operator of that name that takes values of these shapes; None where none was found.

    `given` is an attribute that must not keep its default.
    """
    for _ in range(16 if given else 7):
        try:
            values = {**drawn(random, name, shapes, given), **fixed}
            if name == "pow" and (values.get("scalar") or 0) < 0 and values.get("reverse"):
                continue  # of a negative number only whole powers are real
            op = build(OPS[name], (), values)
            results = op.infer(*shapes)
        except OpError:
            continue
        if all(small(shape) for shape in (results if isinstance(results, list) else [results])):
            return op
    return None


def small(shape: Any) -> bool:
    return len(shape) <= MOST_AXES and math.prod(whole(shape)) <= LARGEST


def whole(shape: Any) -> tuple[int, ...]:
    """The extents as plain numbers; random networks have no others."""
    return tuple(int(extent) for extent in shape)


def drawn(random: Random, name: str, shapes: tuple[Any, ...], given: str = "") -> dict[str, Any]:
    """Settings from the samples, about every other attribute keeping its default."""
    found = {}
    for field in attributes(OPS[name]):
        if field.default is dataclasses.MISSING or field.name == given or random.random() < 0.45:
            samples = field.metadata["kind"].samples
            others = [sample for sample in samples if sample != field.default]
            value = random.choice(others if field.name == given and others else samples)
            if field.name == "groups" and shapes and shapes[0]:
                width = int(shapes[0][0])
                divisors = [n for n in range(1, width + 1) if width % n == 0]
                value = random.choice(divisors[1:-1] or divisors if random.random() < 0.3 else divisors)
            if "tuple[int" in field.metadata["kind"].annotation and random.random() < 0.25:
                value = each_axis(random, samples, len(shapes[0]) - 1 if shapes else 1)
            if field.name in ("pad", "amount") and name != "deconv" and random.random() < 0.5:
                value = tuple((random.choice((0, 1)), random.choice((0, 1, 2))) for _ in shapes[0][1:]) or 1
            found[field.name] = value
    if name == "conv" and random.random() < 0.1:
        found["pad"] = 0
    if name == "conv" and shapes[0] and random.random() < 0.25:  # as many channels as groups allow for
        found["out"] = int(shapes[0][0]) * random.choice((1, 1, 2))
    return found


def each_axis(random: Random, samples: tuple[Any, ...], rank: int) -> Any:
    """One of the single samples for each axis."""
    single = [sample for sample in samples if isinstance(sample, int)]
    return tuple(random.choice(single) for _ in range(rank)) if single and rank else random.choice(samples)
