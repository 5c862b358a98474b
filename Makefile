# make demo   opens the sample clip in the workbench (the first run installs everything into .venv)
# make test   checks the style, then runs all tests
# make mutants  changes the code in small ways and lists the changes that no test notices; about an
#             hour on two cores, not part of `make test` (docs/mutants.md)
# make fuzz   changes valid files of every kind and reads them, for MINUTES (docs/safety.md)
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
WORKERS ?= 2
BIN := .venv/bin
STAMP := .venv/.installed

MINUTES ?= 10
.PHONY: demo test check mutants fuzz screenshots tour clean

demo: $(STAMP)
	$(BIN)/neuhmr-workbench --open-browser

# One thread per worker: threads that fight over few cores cost a factor of ten.
test: check
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist loadfile

check: $(STAMP)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright
	$(BIN)/lint-imports

mutants: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutants]'
	OMP_NUM_THREADS=1 $(BIN)/python tests/mutants.py

fuzz: $(STAMP)
	PYTHONPATH=tests OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz $(MINUTES)

# The sample's initial poses are furthest off in frame 79.
screenshots: $(STAMP)
	$(BIN)/python docs/pictures/make_screenshots.py --frame 79
	$(BIN)/python docs/pictures/make_ghn_sheet.py
	$(BIN)/python docs/pictures/make_architecture.py

tour: $(STAMP)
	$(BIN)/python docs/pictures/make_tour.py

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,mediapipe,lab]'
	touch $@
