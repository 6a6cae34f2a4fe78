"""The mutants themselves, how a fault gets into functions that live in memory, and the shares that are killed."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import pytest

from tests.mutation.areas import AREAS
from tests.mutation.children import DIED, allow, in_children
from tests.mutation.mutants import ROOT, File, Function, draw
from tests.mutation.reach import PROBE, probed
from tests.mutation.survivors import listed

TEXT = '''\
from functools import lru_cache


class Pool:
    @property
    def size(self) -> int:
        """A text that is no fault."""
        return 7 // self.stride

    stride = 2


@lru_cache
def clamp(x, low=0):
    if x < low and low is not None:
        return low
    return max(x, low)


def above(low):
    return lambda x: x > low
'''


@pytest.fixture
def file(tmp_path, monkeypatch) -> File:
    monkeypatch.setattr("tests.mutation.mutants.ROOT", tmp_path)
    (tmp_path / "pool.py").write_text(TEXT)
    return File(tmp_path / "pool.py")


def test_every_fault_of_a_text(file) -> None:
    assert [(m.key.function, m.key.change) for m in file.mutants()] == [
        ("Pool.size", "`return 7 // self.stride` -> `return None`"),
        ("Pool.size", "`7 // self.stride` -> `7 * self.stride`"),
        ("Pool.size", "`7` -> `8`"),
        ("Pool.size", "`7` -> `6`"),
        ("clamp", "`x < low and low is not None` -> `x < low or low is not None`"),
        ("clamp", "`x < low and low is not None` -> `True`"),
        ("clamp", "`x < low and low is not None` -> `False`"),
        ("clamp", "`x < low` -> `x <= low`"),
        ("clamp", "`x < low` -> `x >= low`"),
        ("clamp", "`low is not None` -> `low is None`"),
        ("clamp", "`return low` -> `return None`"),
        ("clamp", "`return max(x, low)` -> `return None`"),
        ("clamp", "`x, low` -> `low, x`"),
        ("clamp", "`max` -> `min`"),
        ("above", "`return lambda x: x > low` -> `return None`"),
        ("above", "`x > low` -> `x >= low`"),
        ("above", "`x > low` -> `x <= low`"),
    ]


def test_a_mutant_takes_the_place_of_a_function_that_others_hold(file) -> None:
    space: dict[str, object] = {}
    exec(compile(TEXT, str(file.path), "exec"), space)
    held = space["clamp"].__wrapped__  # type: ignore[attr-defined]
    assert held(5) == 5
    (mutant,) = (m for m in file.mutants() if m.key.change == "`max` -> `min`")
    assert mutant.fits()
    held.__code__ = mutant.functions()[Function("clamp", 13)]
    assert held(5) == 0
    assert file.functions()[Function("clamp", 13)] != held.__code__  # the tree is as it was


def test_probes_tell_what_is_reached(file) -> None:
    reached: list[tuple[str, int]] = []
    space: dict[str, object] = {PROBE: reached.append}
    exec(compile(TEXT, str(file.path), "exec"), space)
    held = space["clamp"].__wrapped__  # type: ignore[attr-defined]
    held.__code__ = probed(file, file.mutants())[Function("clamp", 13)]
    for x in (5, -5):
        reached.append(("called with", x))
        assert held(x) == max(x, 0)
    path = str(file.path)
    above = space["above"]
    above.__code__ = probed(file, file.mutants())[Function("above", 20)]  # type: ignore[attr-defined]
    assert above(2)(3)  # type: ignore[operator]
    assert reached.count((path, 21)) == 2  # the function and what it returns
    assert reached[:-2] == [("called with", 5), (path, 15), (path, 17), ("called with", -5), (path, 15), (path, 16)]


def test_a_draw_depends_on_its_seed_alone(file) -> None:
    every = list(file.mutants())
    drawn = [mutant.key for mutant in draw(every, 6, 1)]
    assert [mutant.key for mutant in draw(every[::-1], 4, 1)] == drawn[:4]
    assert [mutant.key for mutant in draw(every, 6, 2)] != drawn
    assert len(draw(every, None, 1)) == len(every)


def test_children_tell_what_they_find_or_die() -> None:
    told = dict(in_children([1, 2, 3], partial(_divide, 6), jobs=2))
    assert told == {1: 6.0, 2: 3.0, 3: DIED}


def _divide(number: int, divisor: int) -> float:
    allow(0.2)
    while divisor == 3:
        pass
    return number / divisor


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.nightly
def test_survivors_that_are_listed_are_mutants(area: str) -> None:
    assert listed(area).keys() <= {mutant.key for mutant in AREAS[area].mutants()}


@pytest.mark.parametrize("area", ["fusion", "loaders", "shapes"])  # docs/mutation.md: the emitter has had one sample
@pytest.mark.nightly
def test_enough_mutants_are_killed(area: str, counted) -> None:
    """On the first mutants of the sample that docs/mutation.md tells of."""
    line = [sys.executable, "-m", "tests.mutation", area, "--sample", "40"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    counted("mutants judged", done.stdout.strip().splitlines()[-1])
