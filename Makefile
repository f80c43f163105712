# Everything a newcomer types. `make demo` and `make test` install what they need first.
.PHONY: attack help setup setup-test demo drill test tests test-all test-screens lint coverage mutants papers check-papers bench load torture cluster monday golden messages screenshots readme-pictures image test-image release lock clean

PYTHON = .venv/bin/python
# Homebrew's libraries are not where macOS looks for them; elsewhere the variable says nothing.
ENV = DYLD_FALLBACK_LIBRARY_PATH="$${HOMEBREW_PREFIX:-/opt/homebrew}/lib:/usr/local/lib"
PORT = 8000
TILL_PORT = 9000
FRESH =
ARGS =
# More than processors: tests of browsers and commands wait for the processes they start.
WORKERS = 4
EXTRACT = PYTHONPATH=. .venv/bin/pybabel --quiet extract --add-location file --sort-by-file --width 110 --project Coursekeeper
UPDATE = .venv/bin/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 110
OUT = papers
SHOTS = screenshots
# Left empty, these are what the program that is run says.
ROUNDS =
SEED =
BENCH =
SHARE =
SECONDS =
A_SECOND =
EVENTS =
DAYS =
SIZE =
ONLY =
CLINICS =
TAG = coursekeeper:dev
DRAFT =
BASE =
COMPILE = env -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
	.venv/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command "make lock"

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## /make \1#/p' Makefile | while IFS='#' read -r what does; do \
		printf '  %-18s %s\n' "$$what" "$$does"; done

setup: ## Install what Coursekeeper needs into .venv, and nothing else
	@.ci/system-parts run
	@.ci/install requirements.txt

setup-test: setup
	@.ci/install requirements-test.txt
	@.ci/system-parts test
	@ls .venv/verapdf/*.jar >/dev/null 2>&1 || $(PYTHON) -m tests.papers.verapdf --fetch .venv/verapdf

demo: setup ## Start a practice Square and a small clinic: PORT=, TILL_PORT=, FRESH=1 to start over
	@exec env $(ENV) .venv/bin/coursekeeper demo --port $(PORT) --till-port $(TILL_PORT) $(if $(filter-out 0 no,$(FRESH)),--fresh)

test: setup-test ## Run every check, and the tests that fit into eight minutes: ARGS="-k name" for some of them
	@$(MAKE) --no-print-directory --jobs 2 lint tests

# Collecting compiles the tests: done once, beside the types, it is not done by each worker.
tests:
	@[ -d tests/__pycache__ ] || $(PYTHON) -m pytest --collect-only --quiet >/dev/null
	@exec env $(ENV) $(PYTHON) -m pytest --numprocesses $(WORKERS) --no-loadscope-reorder $(if $(ALL),,-m "not thorough") $(ARGS)

test-screens: setup-test ## Measure every screen of every role at every width
	@exec env $(ENV) EVERY_WIDTH=1 $(PYTHON) -m pytest tests/browser/test_screens.py $(ARGS)

test-all: ## Run every check and test, with nothing shortened
	@EVERY_WIDTH=1 EVERY_EXAMPLE=1 $(MAKE) --no-print-directory test ALL=1

lint: ## Look at style and types only
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --check --quiet .
	@$(PYTHON) -m mypy --no-error-summary plugin invoices practice_square tests

coverage: setup-test ## Run the tests with branch coverage and print what is not covered
	@exec env $(ENV) $(PYTHON) -m pytest --numprocesses $(WORKERS) --no-loadscope-reorder --cov --cov-report=term:skip-covered $(ARGS)

mutants: setup-test ## Change the rules and the ledger line by line, and list the changes no test notices: ARGS='"pattern" tests/file.py'
	@exec nice -n 5 env $(ENV) $(PYTHON) -m tests.mutants $(ARGS)

papers: setup ## Print every paper, of courses sold and used for it: OUT=folder
	@exec env $(ENV) $(PYTHON) -m tests.papers $(OUT)

check-papers: setup ## Hold every paper against PDF/UA-1 and PDF/A-3a with veraPDF (needs Java and Maven)
	@exec env $(ENV) $(PYTHON) -m tests.papers.verapdf .venv/verapdf

bench: setup-test ## Measure everything that is to be quick, in one table beside its aims: ROUNDS=5, SIZE=100, ONLY=part,part, CLINICS=folder
	@exec nice -n 5 env $(ENV) ROUNDS="$(ROUNDS)" SIZE="$(SIZE)" SECONDS="$(SECONDS)" A_SECOND="$(A_SECOND)" ONLY="$(ONLY)" CLINICS="$(CLINICS)" $(PYTHON) -m tests.bench bench.json

load: ONLY = load
load: bench ## Let 24 iPads use sessions for 5 minutes in a clinic of 100,000 clients, beside all else: SECONDS=300, SIZE=100, A_SECOND=3

torture: setup-test ## Kill processes, play a year of faults, storm with webhooks, and compare the ledger: SEED=, SECONDS=60, EVENTS=10000, DAYS=365; 15 minutes on two cores
	@exec env $(ENV) $(PYTHON) -m tests.torture "$(SEED)" "$(SECONDS)" "$(EVENTS)" "$(DAYS)"

cluster: setup-test ## Break a cluster (Patroni, etcd, PgBouncer, HAProxy, Redis) under load: SEED=, needs Debian or Ubuntu and root
	@exec env $(ENV) $(PYTHON) -m tests.cluster "$(SEED)" cluster.json

monday: setup-test ## Simulate the Monday morning of 10,000 clinics from the times of `make bench`: SEED=, BENCH=bench.json
	@exec env $(ENV) $(PYTHON) -m tests.scale.monday "$(SEED)" "$(BENCH)" monday.json

attack: setup-test ## Attack a clinic in every way that is known, each proven by a planted flaw: SEED=, SHARE=1 (0.1 is a tenth)
	@[ -x .venv/attack/bin/python ] || $(PYTHON) -m venv .venv/attack
	@deploy/install-locked .venv/attack/bin/python tests/attack/requirements.txt
	@exec env $(ENV) $(PYTHON) -m tests.attack "$(SEED)" "$(SHARE)"

drill: setup-test ## Lose a clinic and restore it; open and send its backup by the programs that are installed
	@exec env $(ENV) $(PYTHON) -m tests.backups.drill

golden: setup-test ## Take the tests' pictures of the papers anew, after a change that was meant
	@exec env $(ENV) RENEW_GOLDEN=1 $(PYTHON) -m pytest --quiet tests/invoices/test_golden.py

screenshots: setup-test ## Picture every screen, menus and forms open, with one page to look at them: SHOTS=folder, ARGS="--widths 390,1024 --schemes dark"
	@exec env $(ENV) $(PYTHON) -m tests.screenshots $(SHOTS) $(ARGS)

readme-pictures: setup-test ## Take the pictures of the README
	@exec env $(ENV) $(PYTHON) -m tests.screenshots docs/images --readme

image: ## Build the container image: TAG=, BASE=local makes its base here, from Debian's packages
	@deploy/image/make --tag $(TAG) $(if $(BASE),--base $(BASE))

test-image: setup-test image ## Build the image and try it: a sale, a use, a paper, a stop and a second start
	@exec env $(ENV) $(PYTHON) -m tests.image $(TAG)

release: setup-test ## Make what is published of this version, in dist/: BASE=, DRAFT=1 while the changelog has no date
	@[ -x .venv/sbom/bin/python ] || $(PYTHON) -m venv .venv/sbom
	@deploy/install-locked .venv/sbom/bin/python deploy/sbom.txt
	@$(PYTHON) deploy/release.py $(if $(BASE),--base $(BASE)) $(if $(filter-out 0 no,$(DRAFT)),--draft)

messages: setup ## Collect the words of clients (invoices/locale) and of staff (plugin/locale), to be translated there
	@$(EXTRACT) --mapping babel.cfg --output .venv/messages.pot .
	@$(EXTRACT) --mapping babel-staff.cfg --output .venv/staff.pot .
	@for language in es zh; do $(UPDATE) --locale $$language \
		--input-file .venv/messages.pot --output-file invoices/locale/$$language.po; done
	@$(UPDATE) --locale es --input-file .venv/staff.pot --output-file plugin/locale/es.po

lock: setup-test ## Look for newer versions and write the lock files anew
	@$(PYTHON) -m pip --disable-pip-version-check --quiet install --require-hashes --requirement deploy/uv.txt
	@$(COMPILE) setup.cfg --upgrade --extra build --extra test --output-file requirements-test.txt
	@$(COMPILE) setup.cfg --upgrade --extra build --constraint requirements-test.txt --output-file requirements.txt
	@$(COMPILE) deploy/uv.in --upgrade --output-file deploy/uv.txt
	@$(COMPILE) deploy/sbom.in --upgrade --output-file deploy/sbom.txt
	@$(COMPILE) tests/attack/requirements.in --upgrade --output-file tests/attack/requirements.txt

clean: ## Remove what was made here; the data under var/ stays
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find plugin invoices practice_square templates tests -name __pycache__ -type d -prune -exec rm -rf {} +
