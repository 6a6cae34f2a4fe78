"""What is mutated, which tests shall notice, and how many mutants they must kill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.mutation.mutants import ROOT, File, Mutant


@dataclass(frozen=True)
class Area:
    """`files` are mutated, `tests` judge (those that reach it), and `floor` is the least share to be killed."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    floor: float

    def mutants(self) -> Iterator[Mutant]:
        for pattern in self.files:
            for path in sorted(ROOT.glob(pattern)):
                yield from File(path).mutants()


SOURCE = "tests/examples/test_emitted.py::test_emitted_source_is_the_golden_one"
CALLS = "tests/examples/test_emitted.py::test_emitted_source_with_call_sites_is_the_golden_one"

AREAS = {
    "shapes": Area(
        ("netdsl/ops/*.py", "netdsl/extent.py"),
        (
            "tests/ops",
            "tests/reference/test_by_torch.py",
            "tests/analysis/test_receptive_field.py",
            "tests/elaborate/test_errors.py",
        ),
        0.90,
    ),
    "fusion": Area(
        ("netdsl/passes/*.py", "netdsl/form.py", "netdsl/view.py"),
        (
            "tests/passes/test_patterns.py",
            "tests/passes/test_sites.py",
            "tests/passes/test_run.py",
            "tests/passes/test_contract.py",
            "tests/passes/test_passes.py::test_docstrings_show_what_passes_do",
            "tests/passes/test_passes.py::test_random_networks",
            "tests/fusion/test_casebook.py",
        ),
        0.90,
    ),
    "emitter": Area(
        ("netdsl/emit/*.py",),
        (
            *(
                f"tests/emit/test_{part}.py"
                for part in ("callsites", "found", "lines", "python", "safety", "sources", "statements", "wiring")
            ),
            "tests/ops/test_plugin.py",
            "tests/ops/test_reference.py",
            SOURCE,
            f"{CALLS}[unet]",
        ),
        0.85,
    ),
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
