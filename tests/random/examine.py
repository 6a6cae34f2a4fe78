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


def examine(seeds: Iterable[int], coverage: Coverage) -> Counter[str]:
    """Check networks; gives how many were compared, skipped and refused. AssertionError for the first that fails."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        text = network(seed)
        try:
            net = netdsl.compile(text, network="f")
            found = case(net, seed)
            coverage.add(net.graph, len(next(iter(found.inputs.values()))), net.fused)
            if not finite(found):
                counts["skipped"] += 1
                continue
            wrong = list(disagreements(found, LEGS)) + [f"onnx: {line}" for line in onnx(found, counts)]
        except NetdslError:
            counts["refused"] += 1
            continue
        except Exception as error:
            raise AssertionError(report(seed, text, f"{type(error).__name__}: {error}")) from error
        if wrong:
            raise AssertionError(report(seed, text, wrong[0]))
        counts["networks"] += 1
    return counts


def report(seed: int, text: str, wrong: str) -> str:
    """The failure with the smallest text that shows it."""
    kind = failure(text, seed)
    small = shrink(text, lambda candidate: failure(candidate, seed) == kind) if kind else text
    return f"seed {seed}: {wrong}\npython -m tests.random.networks {seed}, made small:\n{small}"


def fresh() -> int:
    """Where the seeds begin that differ from day to day; NETDSL_SEED says it for all."""
    given = os.environ.get("NETDSL_SEED")
    return int(given) if given else 10_000_000 + 1_000 * datetime.date.today().toordinal()
