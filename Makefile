# `make site` and `make test` set up what they need, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:

.PHONY: site test check serve lint docs lock clean

site: $(VENV)/site
	@$(BIN)/python build.py

test: $(VENV)/test
	@$(BIN)/python -m compileall -q errordocs  # or each of the hundreds of commands that tests run does it again
	@$(BIN)/python -m pytest -n auto --dist worksteal

check: $(VENV)/site
	@$(BIN)/python build.py check

lint: $(VENV)/test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

$(VENV)/site: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 site")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/test: requirements-dev.txt $(VENV)/site tests/package-lock.json
	@$(PIP) -r requirements-dev.txt
	@if command -v npm >/dev/null; then cd tests && npm ci --silent --no-audit --no-fund --ignore-scripts; \
	else echo "npm is not installed: the tests that need axe-core or the Nu validator are skipped"; fi
	@touch $@

# Renews what is made from the code: two pages of docs/, and the JSON Schemas.
docs: $(VENV)/site
	@$(BIN)/python -m errordocs.manual docs
	@$(BIN)/python build.py schema

serve: $(VENV)/site
	@$(BIN)/python build.py serve

# Pins every dependency with its hashes; run it after a change in pyproject.toml. The tests need every extra.
lock: $(VENV)/site
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2
	@for extra in "" dev; do $(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --allow-unsafe $${extra:+--extra external --extra publish --extra $$extra} \
	  --output-file requirements$${extra:+-$$extra}.txt pyproject.toml; done

clean:
	@rm -rf $(VENV) output dist .errordocs tests/node_modules
