"""What the README promises, and the tests that keep each promise. A promise without a test, or changed, fails here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.nasty.test_groups import is_there

README = Path(__file__).parents[1] / "README.md"

# The words in bold of each promise -> the tests named after it.
KEPT: dict[str, tuple[str, ...]] = {
    "It ends": (
        "nasty/test_texts.py::test_every_command_answers",
        "nasty/test_inputs.py::test_a_large_text",
        "nasty/test_malformed.py::test_whatever_a_text_holds_it_is_answered",
        "syntax/test_recovery.py::test_time_grows_with_the_text_alone",
    ),
    "It runs no code of the text's": (
        "emit/test_injection.py::test_nothing_of_a_text_is_executed_while_it_compiles",
        "emit/test_injection.py::test_no_text_runs",
        "emit/test_safety.py::test_the_lock_holds",
        "runtime/test_bad_files.py::test_pickle_never_runs_whatever_the_environment_says",
    ),
    "It touches no file outside the project": (
        "elaborate/test_imports.py::test_only_plain_relative_paths_are_followed",
        "elaborate/test_imports.py::test_a_link_out_of_the_folder_is_refused",
        "nasty/test_inputs.py::test_an_import_that_leads_elsewhere",
    ),
    "No traceback": (
        "nasty/test_texts.py::test_every_command_answers",
        "nasty/test_machine.py::test_streams_that_are_closed_or_full",
        "nasty/test_machine.py::test_what_was_typed_is_answered",
        "runtime/test_bad_files.py::test_bad_weights_are_refused",
        "runtime/test_bad_files.py::test_bad_images_are_refused",
    ),
    "The same bytes": (
        "cli/test_product.py::test_the_same_bytes_whatever_the_hash_seed_and_the_locale",
        "nasty/test_machine.py::test_an_environment_changes_no_answer",
    ),
    "The module does what the text says": (
        "ops/test_against_torch.py",
        "emit/test_random.py",
        "examples/test_references.py",
    ),
    "Old or new": (
        "test_crash.py::test_a_file_is_whole_after_a_kill_at_any_moment",
        "test_crash.py::test_a_file_is_old_or_new_whichever_call_fails",
        "test_crash.py::test_eight_compilers_on_one_target",
        "test_files.py::test_a_foreign_file_is_kept",
    ),
    "Nothing of the text is pasted": (
        "emit/test_injection.py::test_no_text_runs",
        "emit/test_injection.py::test_no_name_of_a_file_runs",
        "emit/test_injection.py::test_five_thousand_names_are_refused_or_stay_themselves",
        "emit/test_injection.py::test_a_name_that_python_or_torch_has_breaks_nothing",
    ),
}


def promises() -> list[str]:
    section = README.read_text(encoding="utf-8").partition("## What it promises")[2].partition("\n## ")[0]
    return re.findall(r"^\d+\. \*\*(.+?)\.\*\*", section, re.MULTILINE)


def test_every_promise_is_kept_by_tests():
    assert promises() == list(KEPT)


@pytest.mark.parametrize("promise", KEPT)
def test_the_tests_of_a_promise_are_there(promise):
    assert KEPT[promise]
    assert [reference for reference in KEPT[promise] if not is_there(reference)] == []
