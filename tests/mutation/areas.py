"""What is mutated, which tests shall notice, and how many mutants they must kill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.mutation.mutants import ROOT, File, Mutant


@dataclass(frozen=True)
class Area:
    """`files` are mutated, `tests` judge (those that reach the line), and `floor` is the least share to be killed."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    floor: float

    def mutants(self) -> Iterator[Mutant]:
        for pattern in self.files:
            for path in sorted(ROOT.glob(pattern)):
                yield from File(path).mutants()


AREAS = {
    "shapes": Area(
        ("netdsl/ops/*.py", "netdsl/extent.py"),
        ("tests/ops", "tests/analysis/test_receptive_field.py"),
        0.90,
    ),
    "fusion": Area(
        ("netdsl/passes/*.py", "netdsl/form.py", "netdsl/view.py"),
        ("tests/passes", "tests/fusion/test_casebook.py", "tests/verify/test_fused.py"),
        0.90,
    ),
    "emitter": Area(("netdsl/emit/*.py",), ("tests/emit",), 0.85),
    "loaders": Area(
        ("netdsl/runtime/weights.py", "netdsl/runtime/image.py", "netdsl/runtime/loading.py"),
        (
            "tests/runtime/test_image.py",
            "tests/runtime/test_refusals.py",
            "tests/runtime/test_loading.py",
            "tests/runtime/test_weights.py",
        ),
        0.85,
    ),
}
