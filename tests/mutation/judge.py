"""One pytest session that judges many mutants.

It collects the tests of an area once and then, instead of running them, forks: first children that run each test and
note the statements that it reaches, then a child for each mutant, which puts the mutant's code into the functions in
memory and runs the tests that reach its statement until one fails.
"""

from __future__ import annotations

import gc
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest

from tests.mutation.children import allow, alone, in_children, interrupted
from tests.mutation.living import Living
from tests.mutation.mutants import ROOT, File, Mutant
from tests.mutation.reach import Reach, Statement, probed

LONG = 8.0  # seconds of processor time; a test that takes more is not asked
PATIENCE = 8.0  # seconds of processor time that all tests together may take before a mutant is said to survive


class Verdict(NamedTuple):
    """`killer` is the test that failed, DIED, or None where all passed; `tests` is how many reach the statement."""

    mutant: Mutant
    killer: str | None
    tests: int


def judge(tests: Iterable[str], mutants: list[Mutant], tell: Callable[[Verdict], None], jobs: int) -> None:
    """Tells the verdict on each mutant, in the order in which they are reached.

    Once in a process: what it freezes it does not find again. Raises RuntimeError where tests cannot be collected.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder  # each child makes its own folder of `tmp_path` in it
        options = ["-qq", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=sys"]
        status = pytest.main([*options, *(str(ROOT / test) for test in tests)], [Judge(mutants, tell, jobs)])
    if status != pytest.ExitCode.OK:
        raise RuntimeError(f"pytest ended with {status!r}")


class Judge:
    """The plugin that judges `mutants` where pytest would run the tests."""

    def __init__(self, mutants: list[Mutant], tell: Callable[[Verdict], None], jobs: int) -> None:
        self.mutants = mutants
        self.tell = tell
        self.jobs = jobs
        self.reach = Reach()
        self.kills: Counter[tuple[File, int]] = Counter()
        self.failed = False
        self.passed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed
        self.passed |= report.passed and report.when == "call"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = session.items
        self.files = {mutant.file for mutant in self.mutants}
        self.living = Living(self.files)
        gc.collect()
        gc.freeze()  # or each child would copy what it only looks at
        shares = [range(i, len(self.items), self.jobs) for i in range(self.jobs)]
        for _, reach in in_children(shares, self._note, self.jobs):
            self.reach.join(reach)
        for mutant, killer in in_children(self.mutants, self._kill, self.jobs):
            if isinstance(killer, int):
                self.kills[mutant.file, killer] += 1
                killer = self.items[killer].nodeid
            self.tell(Verdict(mutant, killer, len(self.reach.tests(mutant))))
        return True

    # -------------------------------------------------------------------------------------------------- in a child

    def _note(self, share: range) -> Reach:
        """What these tests reach, with code that is put in place as a mutant's is, but has probes and no fault."""
        reached: set[Statement] = set()
        for file in self.files:
            self.living.install(file, probed(file, self.mutants), reached.add)
        alone()
        noted = Reach()
        for i in share:
            self.living.forget()
            reached.clear()
            began = time.process_time()
            with interrupted(LONG):
                if self._run(i):
                    noted.note(i, time.process_time() - began, reached)
        return noted

    def _kill(self, mutant: Mutant) -> int | str | None:
        """The first test that fails; those that killed others of the file come first, then the quick ones."""
        self.living.install(mutant.file, mutant.functions())
        self.living.forget()
        seconds = self.reach.seconds
        ends = time.process_time() + PATIENCE
        for i in sorted(self.reach.tests(mutant), key=lambda i: (-self.kills[mutant.file, i], seconds[i], i)):
            if time.process_time() > ends:
                break
            allow(2 + 4 * seconds[i])
            if self._run(i) is False:
                return i
        return None

    def _run(self, i: int) -> bool | None:
        """Whether test `i` passes; None where it is skipped."""
        self.failed = self.passed = False
        item = self.items[i]
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        return False if self.failed else self.passed or None
