"""What passes did to a network: which fusions fired, and which legality rule was in the way of which."""

from __future__ import annotations

import re
from collections import Counter

from netdsl import Network
from netdsl.form import form_of, is_activation
from netdsl.graph import Node
from netdsl.ops.arithmetic import Add
from netdsl.ops.merge import Concat
from netdsl.ops.norm import BatchNorm
from netdsl.ops.reshape import Flatten
from netdsl.passes.rewrite import NOR
from netdsl.step import Step, kernels

FIRED = (
    "a norm folded",
    "a sum in a kernel",
    "an activation in a kernel",
    "a norm as prologue",
    "an activation as prologue",
    "a map read by a linear layer",
    "siblings merged",
    "concat written in place",
    "concat read where its parts are",
    "dropped",
)


# Each legality rule that gives a reason, by what it keeps from being fused and how its reason begins; but for those of
# `test_concats_of_symbols_and_in_another_order`, which no random network meets.
RULES = {
    "norm": (
        "it uses the statistics of the batch",
        ".. comes from outside",
        ".. is also read by ..",
        ".. is also read by output",
        ".. is a batch norm already",
        ".. yields several values",
        ".. cannot follow .. in one kernel",
        ".. cannot follow the pool",
        "no kernel of ours computes .., which is softplus",
        "no kernel of ours computes .., whose padding is",
    ),
    "sum": (
        "it adds a number",
        "it adds .. values, and a kernel adds two",
        "one of its values goes over the points of the other",
        ".. comes from outside",
        ".. is also read by",
        ".. is a sum already",
        ".. cannot follow .. in one kernel",
        "no kernel of ours computes ..",
    ),
    "activation": (
        "a number has no channels",
        "one of its values goes over the points of another",
        ".. reads .. values, .. of them from this step",
        ".. is also read by",
        ".. yields several values",
        ".. cannot follow .. in one kernel",
        ".. cannot follow the pool",
        "no kernel of ours computes ..",
    ),
    "prologue": (".. reads it and takes none", ".. reads it twice", "it is output .."),
    "map": (".. reads it and takes none", "it is output .."),
    "sibling": ("its place in a concat is not beside its siblings",),
    "concat": (
        "it joins along axis ..",
        "it joins a value with itself",
        ".. comes from outside",
        ".. is part of another value",
        ".. is computed by no kernel of ours",
        ".. lives in the buffer of another concat",
        ".. reads it in one piece",
        "no kernel reads such a thing in parts",
        "a convolution reads up to .. values",
    ),
}


def blocked(found: Counter[str]) -> dict[str, int]:
    """How often each rule was in the way."""
    return {
        f"{what} refused: {reason}": sum(
            times for told, times in found.items() if told.startswith(f"{what} refused: {reason}")
        )
        for what, reasons in RULES.items()
        for reason in reasons
    }


def patterns(network: Network) -> Counter[str]:
    """Which fusions fired in a network, and which were refused for what reason (without the names)."""
    found: Counter[str] = Counter()
    for node in kernels(network.fused):
        form = form_of(network.fused, node)
        if not isinstance(node.op, Step) or form is None:
            continue
        ends = form.epilogues
        found["a norm folded"] += any(end.norm is not None for end in ends) and bool(form.cores)
        found["a sum in a kernel"] += any(end.add is not None for end in ends) and bool(form.cores)
        found["an activation in a kernel"] += any(end.activation is not None for end in ends)
        found["a norm as prologue"] += any(isinstance(part.op, BatchNorm) for part in form.prologue)
        found["an activation as prologue"] += bool(form.prologue) and not isinstance(form.prologue[-1].op, BatchNorm)
        found["a map read by a linear layer"] += form.flatten is not None
        found["siblings merged"] += len(form.cores) > 1
    plan = network.fused.plan
    if plan is not None:
        found.update(f"concat {why}" for name, why in plan.views.items() if "written" in why or "read where" in why)
        found["dropped"] += len(plan.dropped)
        kinds = {node.name: kind(node) for node in network.graph.nodes}
        for name, why in plan.reasons.items():
            for part in why.split("; "):
                ahead = part.startswith(NOR) and kinds[name] != "map"
                reason = re.sub(r"`[^`]*`|\d+", "..", part.removeprefix(NOR))
                found[f"{'prologue' if ahead else kinds[name]} refused: {reason}"] += 1
    return +found


def kind(node: Node) -> str:
    """What a node would be in a fusion."""
    if isinstance(node.op, BatchNorm):
        return "norm"
    if isinstance(node.op, Flatten):
        return "map"
    if isinstance(node.op, Concat):
        return "concat"
    if isinstance(node.op, Add):
        return "sum"
    return "activation" if node.op is not None and is_activation(node.op) else "sibling"
