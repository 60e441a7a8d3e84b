# make demo: a morning in a made city, end to end. make test: everything checked. make setup: the setting-up alone.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: setup demo test hunt lint lock bench crash clean

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -q -e .
	touch $(STAMP)

setup: $(STAMP)
	$(BIN)/hadir setup

demo: setup
	$(BIN)/hadir demo $(ARGS)

test: setup lint
	$(BIN)/python -m pytest $(ARGS)

# examples that nobody has tried yet: HADIR_LAWS times as many as the suite has
hunt: setup
	HADIR_LAWS=$(or $(HADIR_LAWS),20) $(BIN)/python -m pytest tests/stages tests/oracle tests/rules tests/folds tests/protocols $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m schemas.lock --check

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --generate-hashes \
	  --no-header --all-extras pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --generate-hashes \
	  --no-header --constraint requirements.lock pyproject.toml -o requirements-production.lock

bench: setup
	$(BIN)/python -m benchmarks $(ARGS)

crash: setup
	$(BIN)/python -m tests.crash $(ARGS)

clean:
	rm -rf .venv .hadir build *.egg-info
