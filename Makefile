# The one list of commands: people, hooks and CI call these and nothing else.
# They need Python >= 3.11, git and make. All else they set up in .venv, at the versions and hashes of requirements/.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

# What runs is the checkout that .venv was made for, whatever the caller's shell puts on the path.
unexport PYTHONPATH

# The newest that is there; PYTHON=… says otherwise. Each is tried: a name on the path may be a launcher with nothing behind it.
PYTHON ?= python3.14 python3.13 python3.12 python3.11 python3 python
FITS := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

# $(call new-venv,FOLDER,LOCK FILE): an empty environment holding exactly what the lock file lists.
define new-venv
@found=; for each in $(PYTHON); do \
	if "$$each" -c "$(FITS)" >/dev/null 2>&1; then found=$$each; break; fi; \
done; \
if [ -z "$$found" ]; then \
	echo "make: no Python >= 3.11 with its venv module among: $(PYTHON)" >&2; \
	echo "  help: install one (on Debian and Ubuntu, python3-venv too), or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1; \
fi; \
echo "making $(1) with $$("$$found" --version)"; \
"$$found" -m venv --clear $(1)
@$(1)/bin/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r $(2)
endef

# An environment that was moved or copied still points to the checkout it was made in, and one made with another
# Python than the caller now names would test the wrong thing: both are made anew.
ifneq ($(shell cat $(VENV)/made-in 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/made-in
else ifneq ($(origin PYTHON),file)
ifneq ($(shell cat $(VENV)/made-with 2>/dev/null),$(PYTHON))
.PHONY: $(VENV)/made-in
endif
endif

$(VENV)/made-in: requirements/dev.txt
	$(call new-venv,$(VENV),requirements/dev.txt)
	@echo "$(PYTHON)" > $(VENV)/made-with
	@echo "$(CURDIR)" > $@

$(VENV)/ready: $(VENV)/made-in pyproject.toml
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
	@touch $@

##@ Every day

.PHONY: help
help: ## say what there is to do (this list)
	@awk 'BEGIN { FS = ":.*## "; print "usage: make WHAT [PYTHON=python3.12]" } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: $(VENV)/ready ## show what watchbill does, in a minute
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

.PHONY: test
test: $(VENV)/ready ## run the tests; narrower: make test ARGS="tests/decide -k page"
	@$(BIN)/python -m pytest -n $(WORKERS) --durations=5 $(ARGS)

.PHONY: lint
lint: $(VENV)/ready ## check style, types, that imports point down and that generated files are fresh
	@failed=; for check in "ruff check ." "ruff format --check ." mypy "lint-imports --no-cache --no-logo" "watchbill schemas --check"; do \
		echo "== $$check"; $(BIN)/$$check || failed="$$failed; $$check"; \
	done; \
	test -z "$$failed" || { echo "make: these found something:$${failed#;}" >&2; exit 1; }

.PHONY: fix
fix: $(VENV)/ready ## mend what mends itself: form, order of imports
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

##@ Now and then

.PHONY: test-long
test-long: $(VENV)/ready $(VENV)/faketime ## run every test, the laws on many more examples, and test-dates; takes an hour
	@$(BIN)/python -m pytest -n $(WORKERS) --durations=10 -m "long or not long" --hypothesis-profile=long $(ARGS)
	@$(MAKE) test-dates

# A leap day, and the night in which Europe's clocks are set back, an hour before that. Only the date is another one: spans,
# monotonic time and the times of files stay as they are. The temporary folder is one of its own, since pytest would take those
# that others are using now for old ones, and delete them.
DATES ?= 2028-02-29T12:00:00 2031-10-26T00:10:00
MOVED := TZ=UTC NO_FAKE_STAT=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0

.PHONY: test-dates
test-dates: $(VENV)/ready $(VENV)/faketime ## run the tests with the clock at 2028-02-29 and at 2031-10-26; narrower as test
	@failed=; for date in $(DATES); do \
		echo "== the clock stands at $$date"; folder=$$(mktemp -d) || exit 1; \
		$(MOVED) faketime "$$date" $(BIN)/python -m pytest -p tests.moved_clock --basetemp "$$folder/t" -n $(WORKERS) $(ARGS) \
			|| failed="$$failed $$date"; \
		rm -rf "$$folder"; \
	done; \
	test -z "$$failed" || { echo "make: the tests fail at$$failed" >&2; exit 1; }

# Nothing is made: it is there, or what to install is said before anything runs.
.PHONY: $(VENV)/faketime
$(VENV)/faketime:
	@command -v faketime >/dev/null || { \
		echo "make: there is no faketime, with which the tests are run at other dates" >&2; \
		echo "  help: install libfaketime: apt-get install faketime (Debian, Ubuntu), dnf install libfaketime (Fedora)" >&2; \
		exit 1; }

.PHONY: cover
cover: $(VENV)/ready ## run the tests and list the branches that none of them took
	@$(BIN)/python -m pytest -n $(WORKERS) -q --cov --cov-report=term $(ARGS)

.PHONY: schemas
schemas: $(VENV)/ready ## write schemas/v1 from the documents' types
	@$(BIN)/watchbill schemas

.PHONY: docs
docs: $(VENV)/ready ## write the parts of the documentation that are made from the code, and check all of it
	@$(BIN)/python -m tests.pages
	@$(BIN)/python -m pytest -q tests/test_docs.py tests/test_pages.py

.PHONY: bench
bench: $(VENV)/ready ## measure, as ratios against a peer or a floor in the same run
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: build
build: $(VENV)/ready ## build the wheel and the source archive into dist/
	@$(BIN)/python -m hatchling build -d dist

LOCK := $(VENV)-lock/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--custom-compile-command "make lock"

.PHONY: lock
lock: $(VENV)-lock/ready ## write requirements/ from pyproject.toml; with newer versions: make lock UPGRADE=1
	@$(LOCK) $(if $(UPGRADE),--upgrade) --extra dev --extra serve pyproject.toml -o requirements/dev.txt
	@$(LOCK) -c requirements/dev.txt pyproject.toml -o requirements/base.txt
	@echo uv | $(LOCK) $(if $(UPGRADE),--upgrade) - -o requirements/uv.txt

$(VENV)-lock/ready: requirements/uv.txt
	$(call new-venv,$(VENV)-lock,requirements/uv.txt)
	@touch $@

.PHONY: clean
clean: ## remove all that these commands made
	@rm -rf $(VENV) $(VENV)-lock dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
