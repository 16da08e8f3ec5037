# Every command of the house. `make` alone lists them.

PYTHON_BIN := .venv/bin/python
MANAGE := $(PYTHON_BIN) manage.py
INSTALL := $(PYTHON_BIN) scripts/install.py
STATIC := staticfiles/staticfiles.json
NPM := node_modules/installed
LANGUAGES := locale/compiled
WORKERS ?= 2
MINUTES ?= 10

# Settings of sites that are checked, never started.
PRODUCTION := APP_ENV=production PUBLIC_URL=https://chat.example.org JWT_SECRET=a-placeholder-that-signs-nothing-anywhere EMAIL_URL=smtp://localhost
MONGODB := DATABASE_URL=mongodb://127.0.0.1:1/chatsite

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run dev demo test soak bench lighthouse check fmt lock words sbom clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/installed $(STATIC) $(LANGUAGES) ## Serve the site at http://127.0.0.1:8000 (HOST and PORT change that)
	@$(PYTHON_BIN) scripts/start.py

dev: .venv/installed $(NPM) $(LANGUAGES) ## Serve it for work on the code: it restarts on changes and shows stack traces
	@DEBUG=$${DEBUG:-true} $(PYTHON_BIN) scripts/start.py --reload

demo: .venv/installed ## Fill the site with a few people and their conversations
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) demo

# On SQLite, and what asks the database again on PostgreSQL; or on the one that DATABASE_URL names.
test: .venv/installed-dev $(STATIC) $(LANGUAGES) ## Run every test; ARGS='-k name' narrows
	@scripts/system-packages.sh
	@$(PYTHON_BIN) -m pytest -n $(WORKERS) $(ARGS)
	@[ -n "$(DATABASE_URL)" ] || $(PYTHON_BIN) -m tests.on_postgres -n $(WORKERS) $(ARGS)

soak: .venv/installed-dev ## Fail servers on purpose while people talk, for MINUTES=10
	@scripts/system-packages.sh
	@$(PYTHON_BIN) -m tests.faults.soak $(MINUTES)

bench: .venv/installed .venv-bench/installed $(STATIC) ## Measure the site beside what people run instead; ARGS='--quick' only tries it
	@benchmarks/peer/install.sh
	@.venv-bench/bin/python -m benchmarks.run $(ARGS)

lighthouse: .venv/installed-dev $(STATIC) $(LANGUAGES) ## Have Lighthouse judge log-in, list and conversation, as on a slow phone
	@$(PYTHON_BIN) -m benchmarks.lighthouse

check: .venv/installed-dev ## Format, lint, types, layers, migrations, deployment settings, requirements, known vulnerabilities, secrets
	@$(PYTHON_BIN) -m ruff format --check --quiet --output-format concise .
	@$(PYTHON_BIN) -m ruff check --quiet --output-format concise .
	@$(PYTHON_BIN) -m mypy
	@$(PYTHON_BIN) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-logo
	@$(PYTHON_BIN) scripts/check_migrations.py
	@$(MONGODB) $(PYTHON_BIN) scripts/check_migrations.py
	@$(MONGODB) $(MANAGE) check
	@$(PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING
	@$(PYTHON_BIN) scripts/check_requirements.py
	@$(PYTHON_BIN) scripts/audit.py
	@$(PYTHON_BIN) scripts/check_secrets.py

fmt: .venv/installed-dev ## Format the code and mend what ruff can mend
	@$(PYTHON_BIN) -m ruff check --fix-only --quiet .
	@$(PYTHON_BIN) -m ruff format --quiet .

# For every platform and Python from 3.11 on. What is pinned already stays as it is.
lock: .venv/installed-dev ## Pin all packages with their hashes, after a change of a requirements*.in
	@for name in requirements requirements-dev benchmarks/requirements; do \
		$(PYTHON_BIN) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(ARGS) \
			--output-file $$name.txt $$name.in >/dev/null || exit 1; \
	done

words: .venv/installed-dev ## Put new and changed texts into the catalogues of all languages (GNU gettext)
	@$(PYTHON_BIN) scripts/languages.py collect

sbom: .venv/installed-dev ## Write what a site is made of to var/sbom.json, in CycloneDX
	@$(PYTHON_BIN) scripts/sbom.py

clean: ## Remove what the other commands made, except the data in var/
	rm -rf .venv .venv-bench benchmarks/peer/node_modules node_modules staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PYTHON_BIN):
	@scripts/venv.sh

.venv/installed: requirements.txt $(PYTHON_BIN)
	@$(INSTALL) requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	@echo "For tests and checks:"
	@$(INSTALL) requirements-dev.txt
	@touch $@

# What generates the load has packages of its own: the site's stay as they are in production.
.venv-bench/installed: benchmarks/requirements.txt $(PYTHON_BIN)
	@echo "For benchmarks:"
	@$(PYTHON_BIN) -m venv .venv-bench
	@.venv-bench/bin/python scripts/install.py $<
	@touch $@

# What the page takes from npm. Where npm cannot be reached the site starts without, and tries again the next time.
$(NPM): package-lock.json scripts/npm_packages.py .venv/installed
	@$(PYTHON_BIN) scripts/npm_packages.py

$(LANGUAGES): .venv/installed $(wildcard locale/*/LC_MESSAGES/django.po)
	@$(PYTHON_BIN) scripts/languages.py compile
	@touch $@

# Names with a hash of the content, compressed once: only when a source changed.
$(STATIC): .venv/installed $(NPM) chatsite/apps.py chatsite/settings.py chatsite/staticfiles.py $(shell find static)
	@echo "Collecting static files"
	@$(MANAGE) collectstatic --noinput --verbosity 0
	@touch $@
