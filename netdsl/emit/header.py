"""What every emitted class begins with: its docstring, its constructor's head, and what the constructor keeps."""

from __future__ import annotations

from netdsl.emit import python
from netdsl.emit.classes import Class
from netdsl.emit.frame import Frame
from netdsl.expression import Entry, Variable


def docstring(plan: Class) -> list[str]:
    text = plan.definition.doc or plan.definition.head
    blocks = [f"{name} is {block.text}" for name, block in plan.blocks.items()]
    if not plan.definition.doc and blocks:
        text += f", where {', '.join(blocks)}"
    return python.docstring(text, 1)


def signature(frame: Frame) -> list[str]:
    items = ["self"]
    for p in frame.interface():
        default = f" = {python.literal(p.default)}" if p.optional else ""
        items.append(f"{p.name}: {p.annotation}{default}")
    return python.bracketed("def __init__(", items, ") -> None:", 1)


def super_call() -> list[str]:
    return [f"{python.INDENT * 2}super().__init__()"]


def stored(frame: Frame) -> tuple[list[str], list[str]]:
    """Assignments of what `forward` reads: before the modules where the constructor's arguments suffice."""
    own = {frame.texts[a] for a in frame.texts if isinstance(a, Variable | Entry) and not _is_let(frame, a)}
    lines = [f"{python.INDENT * 2}self.{name} = {text}" for name, text in frame.stored.items()]
    early = [line for line, text in zip(lines, frame.stored.values(), strict=True) if text in own]
    return early, [line for line in lines if line not in early]


def _is_let(frame: Frame, atom: Variable | Entry) -> bool:
    return isinstance(atom, Variable) and atom.site not in {p.site for p in frame.declared}
