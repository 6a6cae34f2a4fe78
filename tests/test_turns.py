"""Which tests run in one worker, and in what order."""

from __future__ import annotations

from tests.turns import companions, rank


def test_tests_of_a_file_stay_together() -> None:
    assert companions("tests/ops/test_codes.py::test_a[1]") == companions("tests/ops/test_codes.py::test_b")
    assert companions("tests/ops/test_codes.py::test_a") != companions("tests/ops/test_extent.py::test_a")


def test_tests_of_an_example_go_by_its_family() -> None:
    resnet = companions("tests/examples/test_running.py::test_network_runs_and_trains[resnet18]")
    assert resnet == companions("tests/engine/test_examples.py::test_engine_of_an_example[resnet50]")
    assert resnet == companions("tests/examples/test_counts.py::test_nothing_in_a_family_is_wrong[resnet.net]")
    assert resnet != companions("tests/examples/test_running.py::test_network_runs_and_trains[densenet121]")
    assert companions("tests/examples/test_zoo.py::test_the_page") == "tests/examples/test_zoo.py"


def test_what_takes_long_goes_first() -> None:
    assert rank("tests/random/test_agreement.py::test_a") < rank("tests/examples/test_counts.py::test_a[lenet]")
    assert rank("tests/examples/test_counts.py::test_a[lenet]") < rank("tests/ops/test_codes.py::test_a")
