"""What an argument is that is a pipeline: applied where it begins with a value, else a block that waits for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netdsl.syntax import tree


def begins_with_value(unit: Any, flows: Callable[[tree.Name], bool], is_block: Callable[[str], bool]) -> bool:
    """Whether the first stage of a pipeline is a value. `flows` says which names mean one, `is_block` which a block.

    A sum begins with what its operands do, so that one of numbers is no value; attributes, such as `x.channels`, are
    numbers always. `relu(x)` begins with `x`; the arguments of a block are its parameters.
    """

    def begins(unit: Any) -> bool:
        match unit:
            case tree.In() | tree.Applied():
                return True
            case tree.Name():
                return flows(unit)
            case tree.Binary(left=left, right=right):
                return begins(left) or begins(right)
            case tree.Unary(operand=inner) | tree.Index(value=inner):
                return begins(inner)
            case tree.Call(callee=tree.Name(name=name), arguments=(first, *_)) if not is_block(name):
                return first.name is None and begins(first.value)
        return False

    return begins(unit)
