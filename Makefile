# The two commands of the README: `make run` and `make test`. Both make .venv when it is missing and are quick the
# second time. PYTHON=... picks another interpreter, VENV=... another place, PYTEST=... what pytest is told.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_TEST := $(VENV)/.ready-test
TORCH := $(shell grep '^torch==' constraints.txt)
PYTEST ?= -n 2
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test lint nightly clean
.DELETE_ON_ERROR:

run: $(READY)
	@echo "==> compile examples/googlenet.net to googlenet.py"
	$(BIN)/netdsl compile examples/googlenet.net -o googlenet.py
	@echo "==> run it on a photograph (examples/chelsea.jpg)"
	$(BIN)/netdsl run examples/googlenet.net --image examples/chelsea.jpg

test: lint
	@echo "==> pytest"
	$(BIN)/python -m pytest $(PYTEST)

lint: $(READY_TEST)
	@echo "==> ruff"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@echo "==> mypy"
	$(BIN)/mypy

nightly: $(READY_TEST)
	$(BIN)/python -m pytest -m nightly

# torch comes first and alone: a later install then finds the pinned version in place and looks for no other.
$(READY): pyproject.toml constraints.txt
	@test -n '$(PYTHON)' && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "netdsl needs Python 3.11 or later: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "==> make $(VENV) and install what netdsl needs (once; some minutes, most of them for torch)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt '$(TORCH)'
	$(PIP) -c constraints.txt -e '.[run]'
	@touch $@

$(READY_TEST): $(READY)
	@echo "==> install what the tests need"
	$(PIP) -c constraints.txt -e '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) googlenet.py
