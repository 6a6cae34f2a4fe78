"""Torch's own fuser beside ours on the programs it is known to get wrong: shared modules.

`torch.fx.experimental.optimization.fuse` folds a norm into the convolution's module, which the other call then uses
too. Reported in pytorch#104593 (2023) and pytorch#197539 (2026).
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import netdsl
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.gates import GATES
from tests.fusion.exact import error, plain

PROGRAMS = {
    "pytorch#104593: one convolution called twice, a norm on one path": """
        net f { input x: 4x8x8; shared c = conv(4, 3); output y = x -> c -> batch_norm; output z = x -> c }""",
    "pytorch#197539: the same convolution and norm used twice": """
        net f { input x: 4x8x8; shared c = conv(4, 3); shared n = batch_norm;
          output y = x -> c -> n -> relu -> c -> n }""",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_torchs_fuser_is_wrong_and_ours_is_exact(program, counted):
    network = netdsl.compile(PROGRAMS[program])
    module = plain(network)
    x = draw.value("x", (2, 4, 8, 8))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = _outputs(module(x))
        from torch.fx.experimental.optimization import fuse

        theirs = _outputs(fuse(module)(x))
    difference = max(float((a - b).abs().max()) for a, b in zip(theirs, wanted, strict=True))
    assert difference > 0.1, "torch's fuser has been mended: say so in the documentation"
    counted(f"torch.fx is wrong on {program.partition(':')[0]} by", f"{difference:.2g}")
    assert error(network, module).over(GATES["float64"]) <= 1


def test_torchs_fuser_is_right_where_nothing_is_shared():
    """So that it is the sharing, and not this test, that makes the difference above."""
    module = plain(netdsl.compile("net f { input x: 4x8x8; output y = x -> conv(4, 3) -> batch_norm -> relu }"))
    x = draw.value("x", (2, 4, 8, 8))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.fx.experimental.optimization import fuse

        torch.testing.assert_close(fuse(module)(x), module(x), rtol=1e-6, atol=1e-5)


def _outputs(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)
