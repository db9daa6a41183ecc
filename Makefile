# `make` lists the targets. Python and its packages live in .venv, everything else in DATA_DIR (.data).

PYTHON := .venv/bin/python
READY := .venv/installed
DATA := $(or $(DATA_DIR),.data)

.DEFAULT_GOAL := help
.PHONY: help run up demo picture down reset psql token test test-unit cluster-tools cluster-test faults fuzz check manifests fix audit sbom images images-test bench bench-peers lock clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

run: ## Start everything; Ctrl-C stops it (options: .venv/bin/python -m deploy.local --help)
up: ## Start everything in the background; return when it is ready
demo: ## Like up, then add ten people and their conversations
run up demo:
	@deploy/local/bootstrap --step
	@$(PYTHON) -m deploy.local $@

down: ## Stop what run or up started
reset: ## Stop it and delete its data, all messages
psql: ## Open a shell in its database
down reset psql:
	@if [ -e "$(DATA)" ]; then deploy/local/bootstrap && $(PYTHON) -m deploy.local $@; else echo "nothing is running in $(DATA)"; fi

token: ## Print an access token of USER=ann, for a stack that runs with AUTH=jwt (SCOPE=service, SCOPE=operator)
	@deploy/local/bootstrap >&2
	@$(PYTHON) -m deploy.local token --user "$(USER)" --scope "$(SCOPE)"

test: $(READY) ## Run every test, against a real Kafka, PostgreSQL and Chromium (ARGS='-k name': of the Python ones)
	@$(if $(ARGS),,$(PYTHON) -m deploy.local.dependencies.web_client test)
	@$(PYTHON) -m pytest $(ARGS)

test-unit: $(READY) ## Run the tests that need nothing but Python
	@$(PYTHON) -m pytest tests/unit $(ARGS)

cluster-tools: $(READY) ## Build Kubernetes for cluster-test, into a cache outside the checkout (once; ten minutes)
	@$(PYTHON) -m tests.cluster tools

cluster-test: $(READY) ## Try the manifests on a real Kubernetes, as root (ARGS='--stage b')
	@$(PYTHON) -m tests.cluster test $(ARGS)

faults: $(READY) ## Inject every fault under load and check every promise (ARGS='--only kill9 --repeat 9')
	@$(PYTHON) -m tests.chaos.chaos_suite $(ARGS)
	@$(if $(ARGS),,$(PYTHON) -m pytest -m long tests/chaos)

fuzz: $(READY) ## Search for inputs that break something, a minute a target (ARGS='--target cursor --seconds 600')
	@$(PYTHON) -m tests.fuzz $(ARGS)

check: $(READY) ## Look for what is wrong; changes nothing
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) -m tools.contract --check
	@$(PYTHON) -m tools.monitoring --check
	@$(PYTHON) -m tools.words
	@$(PYTHON) -m pytest -q -rfE tests/unit/deploy/kubernetes
	@$(PYTHON) -m deploy.images lock --check
	@$(PYTHON) -m deploy.local.dependencies.web_client check

manifests: $(READY) ## Render the overlays of Kubernetes anew (deploy/kubernetes/golden), with kubectl
	@$(PYTHON) -m tools.manifests

fix: $(READY) ## Format, and repair what can be
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .
	@$(PYTHON) -m deploy.local.dependencies.web_client fix

audit: $(READY) ## Look up known vulnerabilities of all dependencies (ARGS=--require: fail where that is not possible)
	@$(PYTHON) -m tools.audit $(ARGS)

sbom: $(READY) ## Write what Parley consists of as CycloneDX to dist/sbom
	@$(PYTHON) -m tools.sbom

images: $(READY) ## Build the container image with podman, and write its SBOM to dist/images (ARGS='--base IMAGE')
	@$(PYTHON) -m deploy.images build $(ARGS)
	@$(PYTHON) -m tools.sbom image

images-test: $(READY) ## Build it and try it: containers, compose, tests with Kafka and PostgreSQL in containers
	@$(PYTHON) -m pytest -m images tests/images $(ARGS)

bench: $(READY) ## Measure latency, throughput and CPU (ARGS='knee --against ejabberd', ARGS=--help)
	@$(PYTHON) -m bench $(or $(ARGS),rates)

bench-peers: $(READY) ## The same beside ejabberd, which is installed for it
	@$(PYTHON) -m bench $(or $(ARGS),rates --against ejabberd --rates 20,200 --rounds 8 --warm-up 60)

picture: $(READY) ## Make the README's pictures anew, with Chromium, from the demo's data
	@$(PYTHON) -m tests.browser.picture

lock: $(READY) ## Write requirements.lock anew from pyproject.toml
	@.venv/bin/uv pip compile -q --all-extras --no-emit-index-url --no-annotate --generate-hashes \
		--python-version 3.11 --no-header pyproject.toml -o requirements.lock
	@$(PYTHON) -m deploy.images lock

clean: ## Stop it and delete .venv, builds and caches; keep the data
	@if [ -e $(READY) ]; then $(PYTHON) -m deploy.local down; fi
	@find . -name __pycache__ -not -path './.data/*' -prune -exec rm -rf {} +
	@rm -rf frontend/node_modules frontend/dist frontend/naive/dist tests/browser/out
	@rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .data/cache

# A virtual environment cannot be moved: its mark holds the path that it was created for.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

$(READY): requirements.lock pyproject.toml
	@deploy/local/bootstrap
