# Two commands for users: `make app` and `make test`. The rest serves developers.

PYTHON ?= python3.11
VENV   := .venv
PY     := $(VENV)/bin/python
PORT   ?= 8501

.PHONY: app test demo install install-dev lint types bench clean browser

app: install demo ## install, build the demo store once, serve the dashboard on 127.0.0.1
	$(PY) -m streamlit run app.py --server.port $(PORT)

test: install-dev browser ## everything: style, types, layers, unit, golden, views, browser
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

install: $(VENV)/.installed ## pinned runtime requirements in .venv

install-dev: $(VENV)/.installed-dev

demo: install ## the embedded demo store, if there is none
	$(PY) -m chebimm_core demo build

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "Python 3.11 is needed and '$(PYTHON)' was not found. Install it, or name it: make app PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# torch comes first: the other requirements accept the build that is there, so a machine whose pip
# is set up for CPU builds keeps the CPU build.
$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(torch==[0-9.]*\).*/\1/p' requirements.txt)"
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

browser: ## headless Chromium for the browser suite, where it can be installed
	@sh .ci/browser

lint: install-dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: install-dev
	$(PY) -m mypy

bench: install-dev ## side-by-side timings, ratios in one run
	for b in benchmarks/*.py; do echo "== $$b"; PYTHONPATH=. $(PY) $$b || exit 1; done

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
