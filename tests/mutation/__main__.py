"""How many mutants the tests kill: `python -m tests.mutation [AREA ...] [--sample N] [--seed S] [--only TEXT]`.

Shows those that survive and that `survivors/` does not list, and ends with 1 where too few are killed in an area.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from tests.mutation.areas import AREAS
from tests.mutation.judge import Verdict, judge
from tests.mutation.mutants import draw
from tests.mutation.survivors import Tally, listed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("area", nargs="*", help=", ".join(AREAS))
    parser.add_argument("--sample", type=int, help="so many mutants of each area, not all")
    parser.add_argument("--seed", type=int, default=1, help="which are drawn")
    parser.add_argument("--only", default="", help="mutants with this text in their file, function, line or change")
    parser.add_argument("--jobs", type=int, default=1, help="how many are judged at a time")
    asked = parser.parse_args()
    if strange := [name for name in asked.area if name not in AREAS]:
        parser.error(f"there is no area `{strange[0]}`")
    if len(asked.area) == 1:
        return one(asked.area[0], asked)
    options = [argument for argument in sys.argv[1:] if argument not in asked.area]
    line = [sys.executable, "-m", "tests.mutation", *options]
    return max(subprocess.run([*line, name]).returncode for name in asked.area or AREAS)


def one(name: str, asked: argparse.Namespace) -> int:
    area = AREAS[name]
    began = time.perf_counter()
    tally = Tally(name, area.floor, listed(name))

    def tell(verdict: Verdict) -> None:
        if tally.add(verdict) == "unlisted":
            print(f"{verdict.mutant.key}\n    open: survives {verdict.tests} tests\n", flush=True)

    mutants = draw((mutant for mutant in area.mutants() if asked.only in str(mutant.key)), asked.sample, asked.seed)
    judge(area.tests, mutants, tell, asked.jobs)
    print(f"{tally.told()}; {time.perf_counter() - began:.0f} s", flush=True)
    return 0 if tally.good else 1


if __name__ == "__main__":
    sys.exit(main())
