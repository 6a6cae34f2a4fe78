"""Networks by their seeds, each through all legs; what fails is made small and told as a text."""

from __future__ import annotations

import datetime
import os
from collections import Counter
from collections.abc import Iterable

import netdsl
from netdsl import NetdslError
from tests.random.coverage import Coverage
from tests.random.legs import LEGS, case, disagreements, finite
from tests.random.networks import network
from tests.random.onnx_leg.leg import onnx
from tests.random.shrink import shrink

ALL = {**LEGS, "onnx": onnx}


def failure(text: str, seed: int) -> str | None:
    """What is wrong with a network, in a few words that stay when it is made small; None where nothing is."""
    try:
        net = netdsl.compile(text, network="f")
    except NetdslError:
        return None  # refused: nothing is computed
    except Exception as error:
        return f"compiling it fails: {type(error).__name__}"
    try:
        found = case(net, seed)
        for line in disagreements(found, ALL) if finite(found) else ():
            return f"{line.split(':')[0]} differs"
    except Exception as error:
        return f"computing it fails: {type(error).__name__}"
    return None


MADE_SMALL = 3  # failures of one search; the others are named by their seeds


def examine(seeds: Iterable[int], coverage: Coverage) -> Counter[str]:
    """Check networks; gives how many were compared, skipped and refused. AssertionError for all that fail."""
    counts: Counter[str] = Counter()
    failures: list[str] = []
    for seed in seeds:
        text = network(seed)
        try:
            wrong = compare(text, seed, coverage, counts)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            failures.append(report(seed, text, wrong) if len(failures) < MADE_SMALL else f"seed {seed}: {wrong}")
    assert not failures, f"{len(failures)} networks fail\n\n" + "\n\n".join(failures)
    return counts


def compare(text: str, seed: int, coverage: Coverage, counts: Counter[str]) -> str | None:
    """What is wrong with a network, or None. Whatever is raised here but a refusal is a bug."""
    try:
        net = netdsl.compile(text, network="f")
    except NetdslError:
        counts["refused"] += 1
        return None
    found = case(net, seed)
    coverage.add(net.graph, len(next(iter(found.inputs.values()))), net.fused)
    if not finite(found):
        counts["skipped"] += 1
        return None
    wrong = list(disagreements(found, LEGS)) + [f"onnx: {line}" for line in onnx(found, counts)]
    counts["networks"] += not wrong
    return wrong[0] if wrong else None


def report(seed: int, text: str, wrong: str) -> str:
    """The failure with the smallest text that shows it."""
    kind = failure(text, seed)
    small = shrink(text, lambda candidate: failure(candidate, seed) == kind) if kind else text
    return f"seed {seed}: {wrong}\npython -m tests.random.networks {seed}, made small:\n{small}"


def fresh() -> int:
    """Where the seeds begin that differ from day to day; NETDSL_SEED says it for all."""
    given = os.environ.get("NETDSL_SEED")
    return int(given) if given else 10_000_000 + 1_000 * datetime.date.today().toordinal()
