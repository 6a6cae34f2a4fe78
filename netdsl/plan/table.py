"""A plan as a table for people, and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from netdsl.form import title
from netdsl.graph import Graph
from netdsl.ops.op import show_shape
from netdsl.plan.execution import ExecutionPlan, PlannedStep, layout
from netdsl.plan.memory import ALIGNMENT
from netdsl.scope import Value

HEAD = ("", "step", "computes", "yields", "FLOPs", "bytes", "floor", "bound by", "lives at", "until")
RIGHT = (0, 4, 5, 6, 8, 9)  # columns of numbers
LONGEST = 30  # of what a step computes, in the table


def to_text(plan: ExecutionPlan) -> str:
    """A line for each kernel and the totals."""
    numbers = _numbers(plan)
    rows = [HEAD, *(_row(plan, step, number, numbers) for number, step in enumerate(plan.steps, 1))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [
        "  ".join(
            text.rjust(width) if column in RIGHT else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "─" * max(map(len, lines))
    return "\n".join([lines[0], rule, *lines[1:], rule, *_totals(plan)])


def _numbers(plan: ExecutionPlan) -> dict[int, int]:
    """Node -> the number of its kernel in the table; of a view, that of the last kernel before it."""
    there = {step.number: number for number, step in enumerate(plan.steps, 1)}
    found, last = {}, 0
    for node in plan.memory.graph.nodes:
        last = there.get(node.number, last)
        found[node.number] = last
    return found


def _row(plan: ExecutionPlan, step: PlannedStep, number: int, numbers: dict[int, int]) -> tuple[str, ...]:
    storage = plan.memory.storages[step.writes[0]]
    at = plan.memory.offsets.get(step.writes[0])
    label = step.label if len(step.label) <= LONGEST else step.label[: LONGEST - 1] + "…"
    return (
        str(number),
        step.name,
        label,
        "; ".join(map(show_shape, step.shapes)),
        amount(step.cost.flops, ""),
        amount(step.cost.bytes, "B"),
        duration(step.cost.seconds),
        step.cost.bound,
        storage.role if at is None else f"{at:,}",
        "" if at is None else str(numbers[storage.last]),
    )


def _totals(plan: ExecutionPlan) -> Iterator[str]:
    count = len(plan.steps)
    yield (
        f"{count} kernel{'s' * (count != 1)} at batch {plan.batch} in {plan.dtype} on {plan.device.name}: "
        f"{amount(plan.flops, 'FLOP')}, {amount(plan.bytes, 'B')} moved, floor {duration(plan.seconds)}, "
        f"{plan.memory_bound:.0%} of it bound by memory"
    )
    arena, least = plan.memory.size, plan.memory.peak_of_live
    yield (
        f"{amount(arena, 'B')} of memory between the steps, of which {amount(least, 'B')} are needed at once; "
        f"maps lie {', '.join(_layouts(plan)) or 'nowhere'}"
    )


def _layouts(plan: ExecutionPlan) -> Iterable[str]:
    return dict.fromkeys(layout(len(s.shape) - 1) for s in plan.memory.storages if len(s.shape) > 1)


def to_json(plan: ExecutionPlan) -> str:
    """One object, a line for each step and each storage."""
    head: dict[str, Any] = {
        "network": plan.network,
        "batch": plan.batch,
        "dtype": plan.dtype,
        "device": {
            "name": plan.device.name,
            "flops": plan.device.flops[plan.dtype],
            "bandwidth": plan.device.bandwidth,
            "source": plan.device.source,
        },
        "flops": plan.flops,
        "bytes": plan.bytes,
        "seconds": plan.seconds,
        "memory_bound": plan.memory_bound,
        "arena": {"size": plan.memory.size, "needed": plan.memory.peak_of_live, "alignment": ALIGNMENT},
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    return "{\n" + ",\n".join([*lines, _listed("storages", _storages(plan)), _listed("steps", _steps(plan))]) + "\n}"


def _listed(key: str, objects: Iterable[dict[str, Any]]) -> str:
    return f'  "{key}": [\n' + ",\n".join(f"    {json.dumps(each, ensure_ascii=False)}" for each in objects) + "\n  ]"


def _storages(plan: ExecutionPlan) -> Iterator[dict[str, Any]]:
    numbers = _numbers(plan)
    for number, storage in enumerate(plan.memory.storages):
        inside = number in plan.memory.offsets
        yield {
            "role": storage.role,
            "offset": plan.memory.offsets.get(number),
            "bytes": storage.elements * plan.batch * plan.memory.width,
            "shape": list(storage.shape),
            "layout": layout(len(storage.shape) - 1) if storage.shape else "N",
            "first": numbers[storage.first] if inside else None,
            "last": numbers[storage.last] if inside else None,
            "values": [
                {"name": name_of(plan.memory.graph, value), "channel": plan.memory.lifetimes.channel[value]}
                for value in storage.values
            ],
        }


def _steps(plan: ExecutionPlan) -> Iterator[dict[str, Any]]:
    for step in plan.steps:
        yield {
            "step": step.name,
            "computes": step.label,
            "nodes": list(step.nodes),
            "kernel": "netdsl" if step.ours else "torch",
            "reads": list(step.reads),
            "writes": list(step.writes),
            "flops": step.cost.flops,
            "bytes": step.cost.bytes,
            "seconds": step.cost.seconds,
            "bound": step.cost.bound,
        }


def name_of(graph: Graph, value: Value) -> str:
    """What a value is called: after its node, with a number where that yields several that are no siblings."""
    node = graph.nodes[value.node]
    names = [title(node, i) for i in range(len(node.shapes))] if node.op is not None else [node.name]
    return names[value.index] if len(set(names)) == len(names) else f"{names[value.index]}.{value.index}"


def amount(number: float, unit: str) -> str:
    """Three digits and a prefix: `1.23 GFLOP`, `840 B`."""
    for prefix in ("", "k", "M", "G", "T", "P"):
        if number < 999.5 or prefix == "P":
            break
        number /= 1000
    return f"{number:.{_digits(number) if prefix else 0}f} {prefix}{unit}".rstrip()


def duration(seconds: float) -> str:
    """Three digits: `840 ns`, `3.20 µs`, `1.46 ms`."""
    number, unit = seconds * 1e9, "ns"
    for larger in ("µs", "ms", "s"):
        if number < 999.5:
            break
        number, unit = number / 1000, larger
    return f"{number:.{_digits(number)}f} {unit}"


def _digits(number: float) -> int:
    """Behind the point, for three in all."""
    return 0 if number >= 99.95 else 1 if number >= 9.995 else 2
