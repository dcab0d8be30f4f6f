# Everything a person needs, in one place: `make help` lists it.
# A fresh machine has git, make, Python 3.11 or newer and a package index; the rest is installed here, into .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := market store commands scheduler bot
INSTALL := $(PYTHON) .ci/install.py

RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
PEERS := .venv-peers/.installed

.PHONY: help install run serve test slow soak fuzz evaluation check screenshots format coverage lock sbom wheels image bench clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUNTIME) ## the demo: a simulated market in the terminal; no token, no network
	@exec $(BIN)/seawall demo $(ARGS)

install: $(RUNTIME) ## what runs, into .venv, and nothing else: locked, hashed wheels

serve: $(RUNTIME) ## the service: whatever has a token is started (SEAWALL_TELEGRAM_TOKEN, SEAWALL_DISCORD_TOKEN)
	@exec $(BIN)/seawall run $(ARGS)

test: $(DEV) ## all tests but the slow ones
	@$(BIN)/pytest -n 3 --dist worksteal -m "not slow"

slow: $(DEV) ## the slow tests, among them the newcomer's clock
	@$(BIN)/pytest -m slow -s

soak: $(DEV) ## a simulated day at 200x with faults (ARGS="--seed 3 --hours 6"), then 100,000 deliveries under kills, then 1,000 changes of the lease
	@$(BIN)/python -m tests.soak $(ARGS)
	@$(BIN)/python -m tests.faults.soak
	@$(BIN)/python -m tests.faults.leases

fuzz: $(DEV) ## mutated lines, payloads and updates (ARGS="--seed 1 --inputs 1000000"); what fails is kept in tests/fuzz/corpus
	@$(BIN)/python -m tests.fuzz $(ARGS)

evaluation: $(DEV) ## what the warnings are worth: docs/evaluation.md and the odds, from ../shared/history/years
	@$(BIN)/python -m evaluation

check: $(DEV) ## the gate: format, lint, types, import contracts, docstrings, spelling, Dockerfile, docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/ruff check --quiet --select D1 --ignore D105,D107 $(PACKAGES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/codespell
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/python .ci/installed.py requirements-dev.lock --files
	@$(BIN)/pytest -q tests/docs tests/test_house.py tests/test_shape.py -m "not slow"
	@echo "check: all good"

screenshots: $(DEV) ## docs/pictures: what every command answers in the demo's sell-off, and docs/commands.md
	@$(BIN)/python -m bot.demo.screenshots docs/pictures
	@$(BIN)/python -m commands.wording.manual > docs/commands.md

format: $(DEV) ## format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

coverage: $(DEV) ## the tests once more, and which lines and branches they leave out
	@COVERAGE_PROCESS_START=pyproject.toml $(BIN)/coverage run -m pytest -q -m "not slow"
	@$(BIN)/coverage combine -q && $(BIN)/coverage report

sbom: $(DEV) ## sbom.json: all that a runtime installs with its hashes, for scanners (CycloneDX)
	@$(BIN)/python -W ignore -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
		--output-reproducible --output-file sbom.json
	@echo "sbom.json is written."

lock: ## resolve the requirements anew, with hashes and without any index address
	@$(PYTHON) .ci/lock.py

wheels: $(DEV) ## whether the locked packages install from wheels alone, on x86_64 and aarch64
	@$(BIN)/python .ci/wheels.py

image: ## build the image, with docker or buildah, and ask it in a read-only root as user 10001 (ARGS=own-base: no registry)
	@sh .ci/image.sh $(ARGS)

bench: $(DEV) ## the benchmarks: signals, sizes, frames, bulk answers, matching, fan-out, beside what others do
	@$(MAKE) --no-print-directory $(PEERS) || echo "The peers could not be installed; what is measured against them is left out."
	@$(BIN)/python -m benchmarks.signals
	@$(BIN)/python -m benchmarks.replay --symbols 5
	@$(BIN)/python -m benchmarks.size
	@$(BIN)/python -m benchmarks.feed
	@$(BIN)/python -m benchmarks.matching
	@$(BIN)/python -m benchmarks.fanout
	@$(BIN)/python -m benchmarks.discord --chats 0
	@$(BIN)/python -m benchmarks.commands --broadcast 0
	@$(BIN)/python -m benchmarks.idle
	@$(BIN)/python -m benchmarks.memory
	@$(BIN)/python -m benchmarks.pictures

clean: ## remove what was installed and cached here
	@rm -rf $(VENV) .venv-peers .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: an install is done once and again when its lock changes.
$(RUNTIME): requirements.lock .ci/install.py
	@$(INSTALL) requirements.lock $@

$(DEV): requirements-dev.lock .ci/install.py
	@$(INSTALL) requirements-dev.lock $@

# A .venv that came along from another folder would start the program that lies there, or none: it is made anew.
ifeq ($(shell test ! -e $(BIN) || test -L $(VENV) || \
	{ test -x $(BIN)/python && grep -qsF '$(CURDIR)/$(BIN)/python' $(BIN)/seawall && echo ours; } || echo strange),strange)
.PHONY: strange
$(RUNTIME) $(DEV): strange
endif

# What only the benchmarks compare with, apart from all else.
$(PEERS): benchmarks/peers.txt | $(DEV)
	@echo "Installing cryptofeed and ccxt into .venv-peers (once) ..."
	@$(BIN)/python -m venv --clear .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@
