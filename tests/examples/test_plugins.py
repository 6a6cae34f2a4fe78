"""What the plugins of examples/plugins compute, beside loops that go one window, box or capsule at a time."""

from __future__ import annotations

import math
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.examples.networks import EXAMPLES, ROOT, operators

PLUGINS = ("examples.plugins.capsules", "examples.plugins.regions")


def plugin(name: str) -> Any:
    """The plugin's module; what it registers is taken out again, so that other tests do not see it."""
    operators(name)
    return import_module(name)


def test_check_is_clean_from_the_command_line() -> None:
    files = sorted(map(str, (EXAMPLES / "plugins").glob("*.net")))
    assert len(files) == len(PLUGINS)
    command = [sys.executable, "-m", "netdsl", "check", *files]
    given = [word for name in PLUGINS for word in ("--plugin", name)]
    done = subprocess.run([*command, *given], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def windows(corner: int, other: int, size: int, extent: int) -> list[range]:
    """What Caffe's RoIPooling takes together along one axis."""
    length = max(other - corner + 1, 1)
    return [
        range(min(max(i * length // size + corner, 0), extent), min(-(-(i + 1) * length // size) + corner, extent))
        for i in range(size)
    ]


@pytest.mark.parametrize("size", [6, 7])
def test_roi_pool_takes_the_largest_value_of_each_window(size: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 13, 21)
    one, other = torch.rand(2, 2, 20, 2) * torch.tensor([335.0, 207.0])
    boxes = torch.cat([torch.minimum(one, other), torch.maximum(one, other)], -1)
    boxes[0, 0] = torch.tensor([0.0, 0.0, 335.0, 207.0])  # everything, and a point more than that
    boxes[0, 1] = torch.tensor([320.0, 190.0, 329.0, 199.0])  # smaller than its windows are many
    boxes[0, 2] = torch.tensor([400.0, 20.0, 420.0, 40.0])  # outside: empty windows
    wanted = torch.zeros(2, 20, 3, size, size)
    for n, r in torch.cartesian_prod(torch.arange(2), torch.arange(20)).tolist():
        left, top, right, bottom = (math.floor(value / 16 + 0.5) for value in boxes[n, r].tolist())
        for i, rows in enumerate(windows(top, bottom, size, 13)):
            for j, columns in enumerate(windows(left, right, size, 21)):
                if rows and columns:
                    part = x[n, :, rows.start : rows.stop, columns.start : columns.stop]
                    wanted[n, r, :, i, j] = part.amax((1, 2))
    found = plugin(PLUGINS[1]).roi_pool(x, boxes, size=size, step=16)
    assert torch.equal(found, wanted)
    assert (found == 0).all((2, 3, 4)).nonzero().tolist() == [[0, 2]]


def area(box: list[float]) -> float:
    return (box[2] - box[0] + 1) * (box[3] - box[1] + 1)


def overlap(a: list[float], b: list[float]) -> float:
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]) + 1)
    high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]) + 1)
    return wide * high / (area(a) + area(b) - wide * high)


def moved(anchor: list[float], offset: list[float], width: int, height: int) -> list[float]:
    w, h = anchor[2] - anchor[0] + 1, anchor[3] - anchor[1] + 1
    x, y = anchor[0] + w / 2 + offset[0] * w, anchor[1] + h / 2 + offset[1] * h
    w, h = w * math.exp(offset[2]), h * math.exp(offset[3])
    box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
    return [min(max(value, 0.0), limit - 1.0) for value, limit in zip(box, (width, height) * 2, strict=True)]


# py-faster-rcnn's nine anchors. (Its comment prints Matlab's, which are 1 more: they count pixels from 1.)
ANCHORS = [
    *([-84, -40, 99, 55], [-176, -88, 191, 103], [-360, -184, 375, 199]),
    *([-56, -56, 71, 71], [-120, -120, 135, 135], [-248, -248, 263, 263]),
    *([-36, -80, 51, 95], [-80, -168, 95, 183], [-168, -344, 183, 359]),
]


def test_proposals_are_those_of_greedy_suppression() -> None:
    torch.manual_seed(0)
    rows, columns, count = 5, 8, 60
    scores, offsets = torch.rand(1, 18, rows, columns), torch.randn(1, 36, rows, columns) * 0.2
    found = plugin(PLUGINS[1]).proposals(
        scores, offsets, torch.zeros(1, 3, 16 * rows, 16 * columns), count=count, step=16
    )
    boxes = []
    for a, r, c in torch.cartesian_prod(*map(torch.arange, (9, rows, columns))).tolist():
        anchor = [value + 16.0 * at for value, at in zip(ANCHORS[a], (c, r, c, r), strict=True)]
        box = moved(anchor, offsets[0, 4 * a : 4 * a + 4, r, c].tolist(), 16 * columns, 16 * rows)
        if min(box[2] - box[0], box[3] - box[1]) + 1 >= 16:
            boxes.append((float(scores[0, 9 + a, r, c]), box))
    kept: list[list[float]] = []
    for _, box in sorted(boxes, reverse=True):
        if all(overlap(box, earlier) <= 0.7 for earlier in kept):
            kept.append(box)
    assert 20 < len(kept) < len(boxes)
    kept = kept[:count]
    torch.testing.assert_close(found[0, : len(kept)], torch.tensor(kept), atol=1e-3, rtol=0)


def squash(x: Tensor) -> Tensor:
    """Equation 1 of the paper."""
    length = x.norm(dim=-1, keepdim=True)
    return length**2 / (1 + length**2) * x / length


def test_routing_is_procedure_1_of_the_paper_and_learns_from_its_last_round() -> None:
    torch.manual_seed(0)
    routing = plugin(PLUGINS[0]).Routing(12, 8, capsules=5, length=6, iterations=3).double()
    with torch.no_grad():
        routing.weight *= 50  # agreement matters: the coefficients move
    u = torch.randn(1, 12, 8, dtype=torch.float64)
    predictions = torch.stack([routing.weight[:, i] @ u[0, i] for i in range(12)])  # [12, 5, 6]
    b = torch.zeros(12, 5, dtype=torch.float64)
    for _ in range(3):
        c = F.softmax(b, dim=1)
        v = squash(torch.stack([c[:, j] @ predictions[:, j] for j in range(5)]))
        b = b + torch.stack([(predictions[i] * v).sum(1) for i in range(12)]).detach()
    assert c.std() > 0.01
    found = routing(u)[0]
    torch.testing.assert_close(found, v, atol=1e-6, rtol=0)
    ours, wanted = (torch.autograd.grad(value.square().sum(), routing.weight)[0] for value in (found, v))
    torch.testing.assert_close(ours, wanted, atol=1e-5, rtol=0)
    assert wanted.abs().max() > 0.01


def test_the_longest_capsule_stays() -> None:
    x = torch.tensor([[[1.0, 0.0], [0.0, -2.0], [1.0, 1.0]]])
    assert plugin(PLUGINS[0]).longest(x).tolist() == [[[0.0, 0.0], [0.0, -2.0], [0.0, 0.0]]]
