"""The seventy-five groups of nasty input, and the tests that feed each; test_groups.py sees that they are there.

A word that ends in `.net` is a text under texts/ or beside the errors of elaboration; anything else is a test,
`file::function`. Texts whose names begin with a group's number belong to it without being named here.
"""

from __future__ import annotations

GROUPS: dict[int, tuple[str, ...]] = {
    # Text and lexing
    1: (),
    2: (),
    3: ("syntax/test_read.py::test_a_byte_order_mark_is_dropped_and_line_ends_are_newlines",),
    4: ("syntax/test_read.py::test_bytes_that_are_not_utf8_are_named",),
    5: (),
    6: ("nasty/test_inputs.py::test_a_lone_surrogate_from_a_program",),
    7: (),
    8: ("syntax/test_read.py::test_lines_that_end_in_a_carriage_return_alone_are_counted",),
    9: (),
    10: ("syntax/test_recovery.py::test_time_grows_with_the_text_alone",),
    11: ("nasty/test_inputs.py::test_a_large_text",),
    12: ("nasty/test_inputs.py::test_a_large_text", "nasty/test_inputs.py::test_what_is_no_text"),
    13: ("emit/test_injection.py::test_five_thousand_names_are_refused_or_stay_themselves",),
    14: (),
    15: ("nasty/test_inputs.py::test_a_large_text",),
    16: (),
    17: (),
    18: (),
    # Structure and names
    19: (),
    20: ("redefined.net",),
    21: ("misspelt.net", "order.net"),
    22: (),
    23: (),
    24: ("endless_block.net", "elaborate/test_imports.py::test_a_recursion_through_imports_ends"),
    25: ("ten_levels_of_ten.net",),
    26: ("a_thousand_million_turns.net",),
    27: (),
    28: (
        "nasty/test_inputs.py::test_an_import_that_leads_elsewhere",
        "elaborate/test_imports.py::test_only_plain_relative_paths_are_followed",
        "elaborate/test_imports.py::test_a_circle_through_a_link_is_one_too",
        "elaborate/test_imports.py::test_a_folder_that_is_a_link_out_is_refused_too",
        "elaborate/test_imports.py::test_two_files_may_import_the_same_third_one",
    ),
    29: ("emit/test_injection.py::test_a_name_that_python_or_torch_has_breaks_nothing",),
    30: ("nasty/test_machine.py::test_an_output_that_cannot_be",),
    31: ("paths.net", "two_rests.net"),
    32: ("unused.net",),
    33: (),
    34: ("calls.net",),
    35: ("nasty/test_inputs.py::test_twice_the_same_value_is_twice_the_value",),
    36: ("calls.net", "two_rests.net"),
    37: ("emit/test_injection.py::test_no_text_runs", "emit/test_safety.py::test_comments_stay_comments"),
    # Shapes and attributes
    38: ("kernel_too_large.net",),
    39: (),
    40: ("groups_do_not_divide.net",),
    41: (),
    42: (),
    43: ("ops/test_against_torch.py",),
    44: (),
    45: ("concat_28_27.net", "add_channels.net"),
    46: ("linear_on_map.net",),
    47: ("kinds.net", "values_in_lists.net"),
    48: ("symbols.net",),
    49: (),
    50: (),
    51: (),
    52: (),
    # Fusion traps
    **dict.fromkeys(range(53, 63), ("fusion/test_faults.py", "passes/test_patterns.py", "passes/test_contract.py")),
    # Weights, images, environment
    63: ("runtime/test_bad_files.py::test_bad_weights_are_refused",),
    64: (
        "runtime/test_bad_files.py::test_bad_images_are_refused",
        "runtime/test_image.py::test_every_kind_of_pixel",
        "runtime/test_image.py::test_a_camera_held_sideways",
    ),
    65: ("nasty/test_machine.py::test_an_output_that_cannot_be", "test_files.py::test_the_input_is_never_the_output"),
    66: (
        "test_crash.py::test_a_file_is_whole_after_a_kill_at_any_moment",
        "test_crash.py::test_a_compiler_that_is_stopped_leaves_the_old_module",
        "test_crash.py::test_eight_compilers_on_one_target",
    ),
    67: (
        "nasty/test_machine.py::test_streams_that_are_closed_or_full",
        "nasty/test_machine.py::test_an_environment_changes_no_answer",
        "cli/test_run.py::test_without_torch_it_says_what_to_install",
        "cli/test_product.py::test_the_same_bytes_whatever_the_hash_seed_and_the_locale",
    ),
    68: ("nasty/test_machine.py::test_what_was_typed_is_answered",),
    69: ("nasty/test_inputs.py::test_a_name_of_a_file_in_a_diagram",),
    70: ("nasty/test_inputs.py::test_three_thousand_nodes_in_a_diagram",),
    73: ("runtime/test_bad_files.py::test_pickle_never_runs_whatever_the_environment_says",),
    74: ("nasty/test_machine.py::test_a_folder_raises_no_limit",),
    75: (),
}

# There is nothing that could be fed: netdsl has no server and speaks no protocol of editors.
NOTHING_TO_FEED = {71: "requests to a server", 72: "messages of an editor"}
