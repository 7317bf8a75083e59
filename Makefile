# Two commands do all the set-up on a fresh machine with Python 3.11+: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint types contracts peers unit tools interop format schemas catalogue bench clean

demo: .venv/ready  ## the main job, on the embedded store and a loopback sandbox
	$(BIN)/python -m reconciler.sandbox.demo

test: lint types contracts peers unit  ## everything CI runs
	$(MAKE) interop INTEROP="--documents 150 --seed 1 --seconds 60 --versions 1"

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready
	$(BIN)/mypy

contracts: .venv/ready
	$(BIN)/lint-imports

unit: .venv/ready
	$(BIN)/pytest

peers: .venv/ready  ## real sops and age for tests, built once through Go where it is there
	$(BIN)/python -m tests.interop.peers

tools:  ## Chromium, axe-core and promtool for tests, where they can be had
	.ci/tools

interop: .venv/ready  ## thousands of documents through real sops, age and an npm reader; builds them once
	$(BIN)/python -m tests.interop.fuzz $(INTEROP)

bench: .venv/ready  ## every benchmark, about ten minutes; quote ratios of one run
	timeout 60 $(BIN)/python benchmarks/start_up.py
	timeout 300 $(BIN)/python benchmarks/plan_10k.py
	timeout 300 $(BIN)/python benchmarks/growth.py
	timeout 300 $(BIN)/python benchmarks/commit_one_of_100k.py
	timeout 600 $(BIN)/python benchmarks/test_all.py
	timeout 300 $(BIN)/python benchmarks/memory_per_test.py
	timeout 300 $(BIN)/python benchmarks/unseal_10k.py
	timeout 120 $(BIN)/python benchmarks/http_transport.py
	timeout 300 $(BIN)/python benchmarks/http_api.py
	timeout 300 $(BIN)/python benchmarks/status_page.py

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .reconcile build dist
