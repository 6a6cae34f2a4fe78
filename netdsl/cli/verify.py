"""`netdsl verify`: the fused network against the network as written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from netdsl.cli.command import Command
from netdsl.cli.group import CLEAN, PROBLEMS
from netdsl.cli.network import Request, reads_network
from netdsl.cli.packages import needed_for
from netdsl.cli.progress import Line

if TYPE_CHECKING:
    from netdsl.runtime.proof import Check, Proof


@click.command(cls=Command)
@reads_network()
@click.option("--cuda", is_flag=True, help="Run the kernels on the GPU, in every precision.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with every check.")
def command(request: Request, cuda: bool, as_json: bool) -> int:
    """Prove a network's fusion: each step against torch's own operators, on the same signed numbers.

    The fused form of every step in float64, every kernel in Triton's interpreter (with --cuda on the GPU), and the
    whole network. Prints the worst step of each, or every step that fails with its place; then the status is 1.
    """
    network = request.compile()
    with needed_for("proving"), Line() as line:
        proof = network.verify(cuda=cuda, tell=line.tell)
    click.echo(json.dumps(proof.json()) if as_json else _text(proof))
    return CLEAN if proof.passed else PROBLEMS


def _text(proof: Proof) -> str:
    lines = [f"{proof.network}: {proof.operators} operators in {proof.steps} kernels, on {proof.device}", ""]
    for way, checks in proof.ways().items():
        stands_for = sum(check.same for check in checks)
        worst = max(checks, key=lambda check: check.over)
        failed = sum(not check.passed for check in checks)
        count = f"{len(checks)} checks" + (f" of {stands_for} steps" if stands_for > len(checks) else "")
        lines.append(f"{way}: {count}, {f'{failed} failed' if failed else 'all passed'}")
        lines.append(f"  worst: {_described(worst)}")
    lines += [f"note: {note}" for note in proof.notes]
    if proof.failures:
        lines += ["", f"{len(proof.failures)} checks failed, the first of them:"]
        first = proof.failures[0]
        lines.append(f"  {first.place}: {_described(first)}")
        if len(proof.failures) > 1:
            lines.append("then:")
            lines += [f"  {check.place}: {_described(check)}" for check in proof.failures[1:10]]
        if len(proof.failures) > 10:
            lines.append(f"  and {len(proof.failures) - 10} more")
    return "\n".join(lines)


def _described(check: Check) -> str:
    what = f"`{check.step}`" + (f", {check.label}" if check.label else "")
    if check.error.rms == float("inf"):
        return f"{what}: {check.way}: {check.note or 'shapes, NaN or infinities differ'}"
    figures = (
        f"RMS {check.error.rms:.1e} (at most {check.gate.rms:.0e}), "
        f"largest {check.error.largest:.1e} (at most {check.gate.largest:.0e})"
    )
    return f"{what}: {check.way}: {figures}" + (f", {check.note}" if check.note else "")
