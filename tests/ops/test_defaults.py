"""What emitted code leaves out as torch's own default is just that."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from netdsl.ops import OPS
from netdsl.ops.op import Call, Helper, Op
from tests.ops.evaluate import evaluate, parse, shape_of
from tests.ops.test_against_torch import CASES, REFUSALS, inputs_for

EXAMPLES = [(cls.example, *cls.example_input) for name, cls in OPS.items() if "." not in name and cls.inputs != (0, 0)]


def calls() -> Iterator[tuple[Op, tuple[Any, ...], Call]]:
    """The outermost call of each case, as a module and as an expression, with its operator and the inputs' shapes.

    Small inputs come first.
    """
    for text, *shapes in sorted(EXAMPLES + CASES, key=lambda case: math.prod(shape_of(case[1]))):
        op, operands = parse(text)
        wanted = tuple(map(shape_of, shapes[: len(operands) or None]))
        for code in (op.module(*wanted), op.expr(*wanted)):
            if isinstance(code, Call):
                yield op, wanted, code


def computed(call: Call, xs: tuple[Tensor, ...]) -> list[Tensor] | None:
    """What a function yields; what a new module yields in training, and what it holds then; None where torch refuses.

    A reduction may be random too, so the numbers are drawn again.
    """
    torch.manual_seed(1)
    try:
        made = evaluate(call, xs)
        if not isinstance(made, torch.nn.Module):
            return list(made) if isinstance(made, tuple | list) else [made]
        found = made.double()(*xs)
        return [found, *made.state_dict().values()]
    except REFUSALS:
        return None


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")
def test_what_is_left_out_is_torchs_own_default() -> None:
    """With a keyword at its default a call computes what it does without it."""
    left, compared = set(), set()
    for op, shapes, call in calls():
        target = call.target.name if isinstance(call.target, Helper) else call.target
        for name in call.keywords.keys() & call.defaults.keys():
            case = (target, name, default := call.defaults[name])
            left.add(case)
            if case in compared:
                continue
            xs = inputs_for(op, shapes)
            without = computed(replace(call, keywords={k: v for k, v in call.keywords.items() if k != name}), xs)
            if without is None:
                continue  # another setting goes with this one alone
            said = computed(replace(call, keywords={**call.keywords, name: default}), xs)
            assert said is not None, (case, call)
            for one, other in zip(said, without, strict=True):
                assert torch.equal(one, other), (case, call)
            compared.add(case)
    assert left == compared
    assert len(left) > 150
