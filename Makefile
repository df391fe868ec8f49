# Two commands on a fresh machine with Python 3.11, git and make: `make demo`, `make test`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
DATA ?=
PYTEST_ARGS ?=
POSTGRES_URL ?= postgres://postgres@127.0.0.1:5432/tidemark
BIN := .venv/bin
INSTALLED := .venv/.installed
BENCH := .venv-bench
PART ?=
SIZE ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-postgres check lock bench bench-small bench-clean screenshots clean

help:
	@echo "make demo           run Tidemark here with demo data (PORT=8000, DATA=path/to/CDNOW_master.txt)"
	@echo "make test           the whole suite on SQLite, browser tests included"
	@echo "make test-postgres  the whole suite on PostgreSQL (POSTGRES_URL=...)"
	@echo "make check          linters, types, import ladder, migrations, production settings"
	@echo "make bench          measure the engine against its floors (PART=rebuild SIZE=100k for one part)"
	@echo "make bench-small    the same at 10,000 contacts, in two minutes (WRITE=1 to write it into docs)"
	@echo "make bench-clean    drop the databases the benchmarks keep"
	@echo "make lock           write requirements.txt and requirements-bench.txt anew from pyproject.toml"
	@echo "make screenshots    the README's pictures, from the demo's data (DATA=...)"
	@echo "make clean          remove everything that was made here, the demo's data included"

# Installs only when requirements.txt has changed.
$(INSTALLED): requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	touch $@

setup: $(INSTALLED)

demo: export PUBLIC_URL ?= http://localhost:$(PORT)
demo: setup
	@$(BIN)/python manage.py migrate --no-input -v0
	@$(BIN)/python manage.py collectstatic --no-input -v0
	@$(BIN)/python manage.py demo --if-empty $(DATA)
	@exec $(BIN)/python manage.py up --mail-sink --port $(PORT)

test: setup
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-postgres: setup
	$(BIN)/python -m tests.chromium
	DATABASE_URL=$(POSTGRES_URL) $(BIN)/python -m pytest $(PYTEST_ARGS)

# What an installation on the internet would set; `check --deploy` must have nothing to say.
PRODUCTION = PUBLIC_URL=https://quiz.example.com ALLOWED_HOSTS=quiz.example.com TRUSTED_PROXIES=1 \
	EMAIL_URL=smtp+tls://mailer:password@mail.example.com:587 \
	DEFAULT_FROM_EMAIL='Example <hello@example.com>' \
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	find apps templates -name '*.html' | xargs $(BIN)/djade --check --target-version 5.2
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

lock: setup
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
		--all-extras --group dev --no-emit-index-url -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
		--group bench --no-emit-index-url -o requirements-bench.txt

# The peers stand in an environment of their own, which looks into .venv for everything else.
$(BENCH)/.installed: requirements-bench.txt $(INSTALLED)
	rm -rf $(BENCH)
	$(BIN)/python -m venv --without-pip $(BENCH)
	$(BIN)/python -m pip --python $(BENCH)/bin/python install --quiet --require-hashes \
		-r requirements-bench.txt
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> $$($(BENCH)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/base.pth
	touch $@

bench bench-small bench-clean: export POSTGRES_URL := $(POSTGRES_URL)

bench: $(BENCH)/.installed
	@$(BENCH)/bin/python -m tests.benchmarks --part "$(PART)" --size "$(SIZE)" \
		$(if $(FRESH),--fresh) $(if $(PART)$(SIZE),$(if $(WRITE),--write),--write)

bench-small: $(BENCH)/.installed
	@$(BENCH)/bin/python -m tests.benchmarks --small --part "$(PART)" $(if $(WRITE),--write)

bench-clean: setup
	@$(BIN)/python -m tests.benchmarks --clean

screenshots: setup
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m tests.journeys.screenshots $(DATA)

clean:
	rm -rf .venv $(BENCH) var staticfiles test-results .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
