# Two commands: `make demo` and `make test`. Each makes its own environment in .venv from the locked versions.
# Needed on the machine: Python 3.11, 3.12 or 3.13, make and git. Another Python beside the first:
# `make pytest PYTHON=python3.13 VENV=build/python3.13`.

PYTHON ?= python3
DEMO ?= build/demo
PORT ?= 5000
WORKERS ?= logical

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
LOCK := $(BIN)/pip-compile --quiet --build-deps-for editable --allow-unsafe --strip-extras --no-annotate --no-header \
	--generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

ROOMS := ledger importers reports receipts obole
MARKS := _ N_ many:1,2 N_many:1,2 text_in:2 many_in:2,3

# What was set for this run, as the next one needs it.
GIVEN = $(strip $(foreach one,DEMO PYTHON VENV,$(if $(filter-out file,$(origin $(one))),$(one)='$($(one))')))

.DELETE_ON_ERROR:
.PHONY: demo serve test pytest lint words lock clean help

help:
	@echo "make demo    make the demonstration foundation's files, take them in, write statements and receipts to $(DEMO)"
	@echo "make serve   open those books in a browser: http://127.0.0.1:$(PORT)"
	@echo "make test    check style, types and layers, then run every test"
	@echo "make pytest  the tests alone"
	@echo "make words   bring the catalogues of words up to date with the sources, and compile them"
	@echo "make lock    write the locked versions anew from pyproject.toml"
	@echo "make clean   remove the environment and everything that was built"

demo: $(VENV)/project
	@rm -rf $(DEMO) $(DEMO)-files && mkdir -p $(dir $(DEMO))
	$(BIN)/obole demo $(DEMO)
	@echo
	@echo "The books are in $(DEMO), the files that went in and Belcotax's in $(DEMO)-files. Next, to see them in a browser: make serve$(if $(GIVEN), $(GIVEN))"

serve: $(VENV)/project
	@test -e $(DEMO)/main.beancount || { echo "There are no books in $(DEMO) yet; first: make demo$(if $(GIVEN), $(GIVEN))"; exit 1; }
	$(BIN)/obole --books $(DEMO) serve --port $(PORT)

# pytest comes last, so that its summary closes the run; a file of tests goes whole to one of the processes, one a core
# (WORKERS=0: all in this process, for a debugger). Coverage is measured where that costs less than a tenth of it (with
# sys.monitoring, which knows branches since Python 3.14) and where COVERAGE=1 asks for it, as CI does.
test: lint
	@$(MAKE) --no-print-directory pytest

pytest: $(VENV)/project $(VENV)/tests
	$(BIN)/pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder $(if $(COVERAGE),--cov --cov-report=,$(shell $(BIN)/python -c \
		'import sys; print("--cov --cov-report=" if sys.version_info >= (3, 14) else "")')) $(PYTEST_ARGS)

lint: $(VENV)/project $(VENV)/tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Each room has one catalogue a language: what is new in the sources stands there untranslated, what is gone is dropped.
words: $(VENV)/project
	@mkdir -p build
	@for room in $(ROOMS); do \
		$(BIN)/pybabel --quiet extract --mapping babel.cfg --no-default-keywords --keywords "$(MARKS)" --no-wrap --sort-output \
			--add-location file --project Obole --output build/$$room.pot $$room || exit 1; \
		for language in fr nl de; do \
			$(BIN)/pybabel --quiet update --domain $$room --input-file build/$$room.pot --output-dir $$room/locale \
				--locale $$language --init-missing --no-fuzzy-matching --ignore-obsolete --no-wrap \
				--ignore-pot-creation-date || exit 1; \
		done; \
		$(BIN)/pybabel --quiet compile --domain $$room --directory $$room/locale || exit 1; \
	done

# The stamps lie inside .venv: a changed lock clears the environment and with it the stamps of what was added to it.
$(VENV)/locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed; name it: make PYTHON=python3.11"; exit 1; }
	@echo "Making the environment $(VENV) from requirements.lock, once; this takes about a minute."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --require-hashes --requirement requirements.lock
	@touch $@

$(VENV)/project: $(VENV)/locked pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/tests: $(VENV)/locked requirements-test.lock
	@echo "Adding what the tests need from requirements-test.lock, once."
	@$(PIP) install --require-hashes --requirement requirements-test.lock
	@touch $@

# Some minutes: the hash of each file of each release is asked for. What is locked stays at its version while pyproject.toml
# allows it.
lock: $(VENV)/project
	@$(PIP) install pip-tools==7.6.2
	$(LOCK) --output-file requirements.lock pyproject.toml
	$(LOCK) --extra test --constraint requirements.lock --output-file requirements-test.lock pyproject.toml

clean:
	rm -rf $(VENV) build obole.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
