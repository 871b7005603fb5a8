# All development tasks; `make help` lists them.
#
# Each target prepares what it needs: the environment, the pinned tools and the extension module are
# built once, and again only when their sources have changed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PYTHON_IN_VENV := $(CURDIR)/$(VENV)/bin/python
STAMPS := $(VENV)/.stamps

# `protoc`, which the Rust build runs, is installed into the environment like the other tools.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# One interpreter for every cargo command, so that none of them rebuilds PyO3 after another.
export PYO3_PYTHON := $(PYTHON_IN_VENV)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PIP := $(PYTHON_IN_VENV) -m pip --quiet
# Directories too: their times change when a file is removed.
RUST_SOURCES := Cargo.toml Cargo.lock pyproject.toml $(shell find src documented) \
	python/etcd_client/_etcd_client.pyi

comma := ,
# Tell what takes a while.
say = @printf '\n==> %s\n' '$(1)'

# Further arguments of the underlying command: `make test ARGS="-k watch"`.
ARGS ?=
# How many tests `make test` and `make test-proxies` run at a time: most of them wait most of their
# time.
WORKERS ?= 2
# A file's tests run on one worker, so that its servers are started once.
IN_PARALLEL := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
# The servers of `make test-matrix`.
ETCD_VERSIONS ?= 3.4 3.5 3.6 3.7
# What `make test-backends` runs the tests on, besides asyncio; `threads` is `etcd_client.sync`.
BACKENDS ?= uvloop trio threads
# What `make test-proxies` puts in front of etcd.
FRONTS ?= nginx nginx-tls haproxy haproxy-tls envoy envoy-tls grpc-proxy

##@ Running

.PHONY: help
help: ## List these targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(STAMPS)/demo ## Run the README's quick start, then kill a leader: on real servers
	$(call say,The quick start on a real etcd: examples/quickstart.py)
	python -m tests.support.run_etcd -- python examples/quickstart.py
	$(call say,A cluster of three loses its leader: examples/failover.py$(comma) about 10 s)
	python examples/failover.py

.PHONY: build
build: $(STAMPS)/extension ## Build the extension module into .venv (release profile)

.PHONY: bench
bench: build ## Benchmark against other clients; takes ARGS
	python -m benches $(ARGS)

.PHONY: profile
profile: build ## Count the instructions of hot paths, by function; takes ARGS
	python -m benches.profile $(ARGS)

##@ Testing

.PHONY: test
test: test-rust build ## Run every test, on WORKERS processes; takes ARGS for pytest
	python -m pytest $(IN_PARALLEL) $(ARGS)

.PHONY: test-rust
test-rust: $(STAMPS)/dev
	cargo test --locked --no-default-features

.PHONY: test-faults
test-faults: build ## Run the full fault suite (tens of minutes)
	python -m pytest tests/faults --full-faults $(ARGS)

.PHONY: fuzz
fuzz: build ## Try arguments, calls and answers that nobody thought of, for long
	FUZZ_ROUNDS=20000000 cargo test --locked --release --no-default-features wire::fuzz
	python -m pytest tests/fuzz --hypothesis-profile=long $(ARGS)

.PHONY: test-proxies
test-proxies: build $(STAMPS)/proxies ## Run the tests through each of FRONTS, proxies that it installs
	scripts/install-proxies
	python -m pytest tests/faults/test_front_proxies.py --proxies
	failed=""; \
	for front in $(FRONTS); do \
		echo "=== through $$front"; \
		python -m pytest tests/integration --front "$$front" $(IN_PARALLEL) $(ARGS) \
			|| failed="$$failed $$front"; \
	done; \
	test -z "$$failed" || { echo "=== failed through$$failed"; exit 1; }

.PHONY: test-backends
test-backends: build ## Run the integration tests on each of BACKENDS
	failed=""; \
	for backend in $(BACKENDS); do \
		echo "=== on $$backend"; \
		python -m pytest tests/unit/test_concurrency.py tests/integration --loop "$$backend" \
			$(ARGS) || failed="$$failed $$backend"; \
	done; \
	test -z "$$failed" || { echo "=== failed on$$failed"; exit 1; }

.PHONY: test-matrix
test-matrix: build ## Run the tests with each of ETCD_VERSIONS
	failed=""; \
	for version in $(ETCD_VERSIONS); do \
		server=$$(python -m tests.support.matrix "$$version"); \
		echo "=== etcd $$version: $$server"; \
		ETCD_BIN="$$server" python -m pytest --ignore=tests/packaging $(ARGS) \
			|| failed="$$failed $$version"; \
	done; \
	test -z "$$failed" || { echo "=== failed on etcd$$failed"; exit 1; }

##@ Checking

.PHONY: fmt
fmt: $(STAMPS)/dev ## Format the Rust and Python sources
	cargo fmt --all
	ruff check --fix --exit-zero --quiet .
	ruff format .

.PHONY: generate
generate: $(STAMPS)/dev ## Generate the error classes, `etcd_client.sync`, and the charts
	python -m scripts.generate_errors
	python -m scripts.sync_face
	python -m scripts.charts

.PHONY: lint
lint: $(STAMPS)/dev ## Check formatting, lints, and which folder imports which
	python -m scripts.architecture
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	ruff check .
	ruff format --check .

.PHONY: typecheck
typecheck: $(STAMPS)/dev ## Check the types of all Python code
	mypy

.PHONY: stubtest
stubtest: build ## Compare the stubs with the built extension
	@# What the checker infers of sources differs with what it has cached.
	python -m mypy.stubtest etcd_client --allowlist stubtest-allowlist.txt \
		--ignore-unused-allowlist --mypy-config-file pyproject.toml

.PHONY: docs
docs: $(STAMPS)/docs ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

.PHONY: docs-test
docs-test: docs $(STAMPS)/docs-test ## Look at every page of the documentation in a browser
	scripts/install-chromium
	python -m scripts.site.check site

.PHONY: check
check: lint typecheck stubtest docs test ## Run all checks and tests

##@ Packaging

.PHONY: docs-publish
docs-publish: $(STAMPS)/docs-publish ## Publish the documentation of VERSION on GitHub Pages
	scripts/site/publish "$(VERSION)" --push

.PHONY: wheel
wheel: $(STAMPS)/dev ## Build the wheel of this Python into dist/
	maturin build --release --locked --out dist --interpreter $(PYTHON_IN_VENV)

.PHONY: sdist
sdist: $(STAMPS)/dev ## Build the source distribution into dist/
	maturin sdist --out dist

.PHONY: wheels
wheels: $(STAMPS)/dev ## Build a wheel for each Python >= 3.10 found here
	rm -rf dist
	scripts/find-python --all | while read -r python; do \
		maturin build --release --locked --out dist --interpreter "$$python"; \
	done

.PHONY: smoke
smoke: build wheels ## Install and try each wheel in a clean environment
	python -m tests.support.run_etcd -- scripts/smoke-test dist $$(scripts/find-python --all)

##@ Maintaining

.PHONY: requirements
requirements: $(STAMPS)/lock ## Pin the newest releases in requirements/*.txt
	for name in build etcd dev proxies docs docs-test docs-publish lock; do \
		uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes \
			--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" \
			--output-file "requirements/$$name.txt" "requirements/$$name.in"; \
	done

.PHONY: notices
notices: $(STAMPS)/dev ## Write the licences of the linked crates into THIRD-PARTY-NOTICES
	scripts/third-party-notices

.PHONY: clean
clean: ## Remove all build products
	rm -rf $(VENV) .cache dist site target .mypy_cache .pytest_cache .ruff_cache
	rm -f python/etcd_client/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Without PYTHON, the environment that is there will do, whatever it was made from.
ifdef PYTHON
ifneq ($(shell PYTHON='$(PYTHON)' scripts/find-python),$(shell cat $(STAMPS)/venv 2>/dev/null))
.PHONY: $(STAMPS)/venv
endif
endif

$(STAMPS)/venv: | scripts/make-venv
	scripts/make-venv $(VENV)
	mkdir -p $(STAMPS)
	scripts/find-python > $@

$(STAMPS)/build $(STAMPS)/etcd $(STAMPS)/dev $(STAMPS)/proxies $(STAMPS)/docs \
		$(STAMPS)/docs-test $(STAMPS)/docs-publish $(STAMPS)/lock: $(STAMPS)/%: requirements/%.txt $(STAMPS)/venv
	$(call say,Installing requirements/$*.txt into $(VENV))
	$(PIP) install --require-hashes --requirement $<
	touch $@

$(STAMPS)/docs: $(STAMPS)/dev
$(STAMPS)/docs-test $(STAMPS)/docs-publish: $(STAMPS)/docs

$(STAMPS)/extension: $(RUST_SOURCES) $(STAMPS)/dev
	$(call say,Building the extension module (release profile): several minutes at first)
	maturin develop --release --locked
	touch $@

# For the demo, a release build that is up to date will do. Any other build gives the compiler as
# little work as possible, and is replaced by the next target that needs the release build.
QUICKLY := CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=false \
	CARGO_PROFILE_DEV_CODEGEN_UNITS=4 CARGO_PROFILE_DEV_BUILD_OVERRIDE_CODEGEN_UNITS=4 \
	CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false

$(STAMPS)/demo: $(RUST_SOURCES) $(STAMPS)/build $(STAMPS)/etcd
	@if ! $(MAKE) --question --no-print-directory $(STAMPS)/extension 2>/dev/null; then \
		printf '\n==> %s\n' 'Building the extension module (unoptimised): two minutes at first'; \
		rm -f $(STAMPS)/extension; \
		$(QUICKLY) maturin develop --locked --target-dir target/demo; \
	fi
	touch $@
