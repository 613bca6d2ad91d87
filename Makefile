# Everything a clone needs: python3 (3.10 or newer), make, git and a package registry; test-all
# also shells, Emacs with Eglot and Vim with ALE, which it takes from Debian's packages.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TORCHFIX := .venv-torchfix
# Older releases that some proofs run on as well, one file of pins each.
STACKS := $(patsubst tests/proofs/stacks/%.txt,.venv-%/installed,$(wildcard tests/proofs/stacks/*.txt))
# A folder of real code, one folder per package.
CORPUS ?=
WORKERS ?= 2
# What packages of the system are installed with, where one is missing.
SUDO ?= $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: demo test proofs editors shells test-all bench site index knowledge corpus
.DEFAULT_GOAL := demo

demo: $(VENV)/installed  ## lint realistic scripts, then show what --fix would change
	$(BIN)/peft-lint --exit-zero testdata/demo
	$(BIN)/peft-lint --exit-zero --diff testdata/demo

test: $(VENV)/installed-for-tests $(STACKS)  ## types, style, and every test
	$(BIN)/mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python tools/make_index.py --check
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not shell and not editors" tests

proofs: $(VENV)/installed-for-tests $(STACKS)  ## the proofs that name an older stack
	$(BIN)/python -m pytest -q -m stack tests/proofs

editors: $(VENV)/installed-for-tests $(VENV)/editors  ## the tests that drive Emacs and Vim
	$(BIN)/python -m pytest -q -m editors tests/doors

shells: $(VENV)/installed-for-tests .shells/installed  ## the tests that complete in zsh and tcsh
	$(BIN)/python -m pytest -q -m shell tests/doors

test-all: test editors shells $(if $(CORPUS),corpus)  ## all tests, and the corpus run where CORPUS is given

bench: $(VENV)/installed-for-bench $(TORCHFIX)/installed  ## CPU time, as ratios; with CORPUS also on real code
	$(BIN)/python -m tools.bench $(if $(CORPUS),--corpus $(CORPUS))

site: $(VENV)/installed-for-tests  ## build the documentation site into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

index: $(VENV)/installed  ## write the index and the README table from the rule pages
	$(BIN)/python tools/make_index.py

knowledge: $(VENV)/installed-for-tests  ## refresh peft_lint/knowledge/ from the released packages
	$(BIN)/python tools/make_releases.py torch=2.13.0
	$(BIN)/python -m tools.make_api
	$(BIN)/python -m tools.make_knowledge
	$(BIN)/python -m tools.make_families

corpus: $(VENV)/installed  ## run on CORPUS=folder: crashes, findings, fixes, and what the gate hides
	$(if $(CORPUS),,$(error name a folder of code, one folder per package: make corpus CORPUS=folder))
	mkdir -p build
	$(BIN)/python -m tools.corpus_run $(CORPUS) --output build/findings.jsonl --fix-check --gate-check

$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-for-bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[flake8,lsp]'
	touch $@ $(VENV)/installed

# torch first and alone: resolved together with the rest, a build for GPUs may be chosen.
$(VENV)/installed-for-tests: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@ $(VENV)/installed

.venv-%/installed: tests/proofs/stacks/%.txt
	test -x .venv-$*/bin/python || $(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet torch==2.13.0
	.venv-$*/bin/python -m pip install --quiet --requirement $<
	touch $@

.shells/installed:
	mkdir -p .shells
	cd .shells && apt-get download zsh-static zsh-common tcsh
	for package in .shells/*.deb; do dpkg --extract $$package .shells; done
	touch $@

# From the system's packages, which are not asked for where all of it is there.
$(VENV)/editors: | $(BIN)/python
	emacs --batch --load eglot && vim -N -u NONE -es -c 'packadd ale' -c 'quitall!' || { \
		$(SUDO) apt-get update --quiet && \
		$(SUDO) apt-get install --quiet --yes --no-install-recommends emacs-nox elpa-eglot vim vim-ale; }
	touch $@

# TorchFix needs an older libcst, so it lives apart.
$(TORCHFIX)/installed:
	test -x $(TORCHFIX)/bin/python || $(PYTHON) -m venv $(TORCHFIX)
	$(TORCHFIX)/bin/python -m pip install --quiet torchfix==0.7.0
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
