# Two commands on a fresh clone: `make run` serves, `make test` passes.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
# Files of tests run in two processes at once; `make test SIDE_BY_SIDE=` runs them one by one.
SIDE_BY_SIDE ?= -n 2 --dist loadfile

.PHONY: run test test-all test-nightly lint bench bench-full bench-search accuracy pictures docs models dist clean

run: $(VENV)/.installed
	@$(BIN)/regard models install --if-missing
	@$(BIN)/regard serve --tls-local $(ARGS)

test: $(VENV)/.developer models lint
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

test-all: $(VENV)/.developer models lint
	$(BIN)/python -m pytest -m "not nightly" $(SIDE_BY_SIDE) $(ARGS)

# Hours: ten thousand sequences of acts; SEQUENCES is another number.
test-nightly: $(VENV)/.developer models
	SEQUENCES=$(or $(SEQUENCES),10000) $(BIN)/python -m pytest -m nightly $(ARGS)

lint: $(VENV)/.developer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

models: $(VENV)/.installed
	@$(BIN)/regard models install --if-missing

bench: $(VENV)/.developer models
	$(BIN)/python -m bench $(ARGS)

bench-full: $(VENV)/.developer models
	$(BIN)/python -m bench --full $(ARGS)

# Face search against size: N is a list of sizes, D of dimensions. 10 million faces need 20 GB of disk.
N ?= 10000 100000 1000000
D ?= 128 384
bench-search: $(VENV)/.developer
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet 'matplotlib>=3.8'
	$(BIN)/python -m bench --only search --faces $(N) --dimension $(D) --draw docs/search.svg $(ARGS)

# Everything that docs/accuracy.md says, from data that is not part of the project; DATA is its folder.
CACHE ?= .accuracy
accuracy: $(VENV)/.developer models
	@test -n "$(DATA)" || { echo "Name the folder of the data: make accuracy DATA=folder"; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -e '.[train]'
	$(BIN)/python -m training.accuracy $(DATA) --cache $(CACHE) $(ARGS)

# Photographs each page of the console, with Debian's Chromium. Open every one before it is committed.
pictures: $(VENV)/.developer models
	$(BIN)/python docs/pictures.py

# The documentation as a site, in site/: open site/index.html. `make docs ARGS=serve` shows it while one writes.
docs: $(VENV)/.installed
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -e '.[docs]'
	@$(BIN)/python docs/make_site.py $(ARGS)

# The wheel and the sdist that it was built of, with their digests: dist/.
dist: $(VENV)/.developer
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist
	@cd dist && sha256sum regard-* > SHA256SUMS && cat SHA256SUMS

clean:
	rm -rf $(VENV)

# The marker is written last, so that an installation that broke off is begun again.
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Regard needs Python 3.11 or newer; set PYTHON=/path/to/python3.11."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "The virtual environment could not be made; is there room on the disk, and Python's venv module?"; exit 1; }
	@echo "Installing Regard and what it needs (a minute or two, once) …"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on -e . || \
	  { echo "The packages could not be installed; is the package registry reachable, and room on the disk? Run the command again."; exit 1; }
	@touch $@

$(VENV)/.developer: $(VENV)/.installed
	@echo "Installing what the tests need …"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on -e '.[dev]' || \
	  { echo "The packages could not be installed; is the package registry reachable, and room on the disk? Run the command again."; exit 1; }
	@touch $@
