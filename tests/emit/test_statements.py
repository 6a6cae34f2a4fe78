"""Names and nesting never change what a function computes."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.emit.naming import Writer
from netdsl.emit.statements import Block, Body, Evaluate, For, If, Text, mark


class Maker:
    """Draws a random function over integers, statement by statement, and knows what it should return."""

    def __init__(self, draw: Any) -> None:
        self.draw, self.count = draw, 0
        self.hints: dict[int, str] = {}
        self.soft: dict[int, str] = {}

    def new(self) -> int:
        self.count += 1
        chance = self.draw(st.integers(0, 9))
        if chance == 0:
            self.hints[self.count] = self.draw(st.sampled_from(["up", "a", "skip", "x"])) + str(self.count)
        elif chance == 1:
            self.soft[self.count] = self.draw(st.sampled_from(["branch1", "up", "y"]))
        return self.count

    def block(self, seen: list[int], depth: int) -> tuple[Block, list[int]]:
        block: Block = []
        seen = list(seen)
        for _ in range(self.draw(st.integers(1, 5))):
            kind = self.draw(st.integers(0, 6)) if depth < 2 else 0
            if kind <= 4:
                reads = [self.draw(st.sampled_from(seen)) for _ in range(self.draw(st.integers(1, 2)))]
                several = self.draw(st.integers(0, 7)) == 0
                results = [self.new(), self.new()] if several else [self.new()]
                light, merge = self.draw(st.booleans()), len(reads) > 1
                if several:
                    code = f"two({', '.join(mark(r) for r in reads)})"
                elif self.draw(st.booleans()):
                    code = f"f{self.count}({', '.join(mark(r) for r in reads)})"
                else:
                    code = " - ".join(mark(r, 5 + (i > 0)) for i, r in enumerate([*reads, reads[0]]))
                level = 9 if code.endswith(")") else 5
                block.append(Evaluate(results, code, level=level, light=light, merge=merge, listed=several))
                seen += results
            elif kind == 5:
                entry = self.draw(st.sampled_from(seen))
                arms, leaves = [], []
                for _ in range(2):
                    if self.draw(st.integers(0, 2)) == 0:
                        arms.append([])
                        leaves.append(entry)
                    else:
                        arm, inner = self.block(seen, depth + 1)
                        arms.append(arm)
                        leaves.append(inner[-1])
                if leaves == [entry, entry]:
                    continue
                result = self.new()
                condition = self.draw(st.sampled_from(["True", "False"]))
                block.append(If(condition, (arms[0], arms[1]), entry, (leaves[0], leaves[1]), result))
                seen.append(result)
            else:
                entry = self.draw(st.sampled_from(seen))
                inside = self.new()
                body, inner = self.block([*seen, inside], depth + 1)
                result = self.new()
                count = self.draw(st.integers(0, 3))
                block.append(For(f"for _ in range({count}):", body, entry, inside, inner[-1], result))
                seen.append(result)
        return block, seen


def run(block: Block, values: dict[int, Any], scope: dict[str, Any]) -> None:
    """What the statements mean, value by value."""
    for statement in block:
        match statement:
            case Evaluate(results=results, code=code):
                found = eval(show(code, values), scope)
                values.update(zip(results, found if len(results) > 1 else [found], strict=True))
            case If():
                i = 0 if statement.condition == "True" else 1
                run(statement.arms[i], values, scope)
                values[statement.result] = values[statement.leaves[i]]
            case For():
                flow = values[statement.entry]
                for _ in range(int(statement.header.split("(")[1].split(")")[0])):
                    values[statement.inside] = flow
                    run(statement.body, values, scope)
                    flow = values[statement.leaves]
                values[statement.result] = flow
            case Text():
                raise AssertionError("not drawn")


def show(code: str, values: dict[int, Any]) -> str:
    for number in sorted(values, reverse=True):
        for least in (5, 6):
            code = code.replace(mark(number, least), f"({values[number]!r})")
        code = code.replace(mark(number), repr(values[number]))
    return code


class Scope(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        if name == "two":
            return lambda *xs: (sum(xs) % 1009 + 1, sum(x * 31 for x in xs) % 1013)
        if name.startswith("f") and name[1:].isdigit():
            return lambda *xs: sum((i + 3) * x for i, x in enumerate(xs)) * 7 % 1019 + int(name[1:])
        raise KeyError(name)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_written_statements_compute_what_the_values_say(data: st.DataObject) -> None:
    maker = Maker(data.draw)
    first, second = maker.new(), maker.new()
    maker.hints.clear()
    maker.soft.clear()
    block, seen = maker.block([first, second], 0)
    ends = data.draw(st.lists(st.sampled_from(seen), min_size=1, max_size=3))
    end = ", ".join(mark(v) for v in ends)
    values: dict[int, Any] = {first: 5, second: 11}
    run(block, values, Scope())
    wanted = eval(f"({show(end, values)},)")
    named = {first: "x", second: "image"}
    writer = Writer(Body(block, end, maker.hints, named, {"x"}, maker.soft), indent=1)
    lines = writer.write()
    if not writer.returned:
        lines.append(f"    return {writer.text(end)}")
    text = "\n".join(["def f(x, image):", *lines])
    scope = Scope()
    exec(text, scope)
    found = scope["f"](5, 11)
    assert (found if len(ends) > 1 else (found,)) == wanted, text
