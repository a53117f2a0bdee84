# Everything that people do here, one word each. `make` lists the words.

SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.PHONY: help serve serve-chattts test bench bench-pool peers bench-chattts soak chaos lint format sanitize sanitize-address fuzz clean release chattts setup-serve setup-test

VENV := .venv/bin
CHATTTS := .venv-chattts/bin/python
PYTHON := Tests/Clients
CHAOS := Tests/Chaos
PEERS := Benchmarks/Peers
SWIFT := Package.swift Sources Tests Benchmarks Fuzz
# Swift's libraries are linked statically: a request costs a seventh less of the processor, and the programs run where Swift is
# not installed.
RELEASE := --configuration release --static-swift-stdlib
# The targets whose tests the thread sanitizer watches: all that share state, but those that start processes: between clone and
# exec a child may hang on a lock of the sanitizer's that another thread of its parent held.
SANITIZED := SpeechCoreTests|SpeechPipelineTests|WyomingTests|ObservabilityTests
# The tests that the address sanitizer watches: of what calls C. Of those that start processes, not the ones that measure memory
# or time, of which it takes too much.
SANITIZED_ADDRESS := AudioEncodingTests|WyomingTests|DevicesTests|EspeakWorkerTests|SupervisorTests.(Template|MPS|Worker|MadeVoice)
SECONDS_EACH ?= 30
SEEDS ?= 1000000
# How long everything goes wrong.
SECONDS = 1800
FIRST ?= 1

help: ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand --tabs=24

serve: release ## install what is missing, build, and speak on http://127.0.0.1:8080 (ARGS="--help")
	@exec .build/release/chorus serve $(ARGS)

serve-chattts: release chattts ## the same with ChatTTS: install it, fetch its weights unless CHATTTS_ASSETS has them
	@$(CHATTTS) -m chorus_chattts.assets fetch
	exec .build/release/chorus serve --config deploy/chattts.yaml $(ARGS)

test: .venv/ready chattts ## every test: install what is missing, build, unit tests, real clients, real ChatTTS
	@swift build --build-tests
	swift test --skip-build --disable-xctest
	$(CHATTTS) -m pytest -c python/pyproject.toml python
	$(VENV)/pytest -c $(PYTHON)/pyproject.toml $(PYTHON)
	PYTHONPATH=$(PYTHON) $(VENV)/pytest -c $(PYTHON)/pyproject.toml $(CHAOS)

bench: release .venv-peers/ready ## what the gateway costs, and the scheduler's promises as figures and as docs/latency.svg
	@swift build $(RELEASE) --product FakeWorker
	swift build $(RELEASE) --product PoolLab
	swift build $(RELEASE) --package-path Benchmarks
	Benchmarks/.build/release/gateway-bench $(ARGS)
	.build/release/PoolLab policy
	Benchmarks/.build/release/policy-bench
	.build/release/PoolLab picture docs/latency.svg
	.venv-peers/bin/python $(PEERS)/bench.py

peers: release .venv-peers/ready ## what a request costs, beside the same engine in Flask under gunicorn (ARGS="--help")
	@.venv-peers/bin/python $(PEERS)/bench.py $(ARGS)

bench-pool: setup-serve ## what an event costs in a small pool, and in one of 1,000 instances with 100,000 jobs
	@swift build $(RELEASE) --product PoolLab
	.build/release/PoolLab events

soak: setup-test ## random lives of random pools: SEEDS=1000000, FIRST=1
	@swift build $(RELEASE) --product PoolLab
	.build/release/PoolLab soak --seeds $(SEEDS) --first $(FIRST)

chaos: .venv/ready ## half an hour in which everything goes wrong that can: SECONDS=1800, ARGS="--seed 1 --report docs/RELIABILITY.md"
	@swift build --product chorus
	swift build --product FakeWorker
	PYTHONPATH=$(PYTHON) $(VENV)/python $(CHAOS) --seconds $(SECONDS) $(ARGS)

bench-chattts: release chattts ## what ChatTTS costs behind Chorus, on random weights of the full size
	@$(CHATTTS) python/chorus_chattts/bench/bench.py $(ARGS)

lint: .venv/ready ## style of the Swift, Python and shell sources
	@swift format lint --strict --parallel --recursive $(SWIFT)
	$(VENV)/ruff check --quiet $(PYTHON) $(CHAOS) python
	$(VENV)/ruff format --quiet --check $(PYTHON) $(CHAOS) python
	$(VENV)/ruff check --quiet --config $(PYTHON)/pyproject.toml $(PEERS)
	$(VENV)/ruff format --quiet --check --config $(PYTHON)/pyproject.toml $(PEERS)
	$(VENV)/mypy --config-file $(PYTHON)/pyproject.toml $(PYTHON) $(CHAOS)
	MYPYPATH=python/chorus_worker/src $(VENV)/mypy --config-file $(PYTHON)/pyproject.toml $(PEERS)
	cd python && ../$(VENV)/mypy --config-file pyproject.toml .

format: .venv/ready ## put the style right
	@swift format --in-place --parallel --recursive $(SWIFT)
	$(VENV)/ruff check --quiet --fix $(PYTHON) $(CHAOS) python
	$(VENV)/ruff format --quiet $(PYTHON) $(CHAOS) python
	$(VENV)/ruff check --quiet --fix --config $(PYTHON)/pyproject.toml $(PEERS)
	$(VENV)/ruff format --quiet --config $(PYTHON)/pyproject.toml $(PEERS)

sanitize: setup-test ## the unit tests under the thread sanitizer
	@TSAN_OPTIONS="suppressions=$(CURDIR)/scripts/tsan.supp" \
	swift test --scratch-path .build-tsan --sanitize=thread --disable-xctest --filter '$(SANITIZED)'

sanitize-address: setup-test ## the unit tests of what calls C under the address sanitizer; a build of its own, so not in .ci/run
	@ASAN_OPTIONS=detect_leaks=0 \
	swift test --scratch-path .build-asan --sanitize=address --disable-xctest --filter '$(SANITIZED_ADDRESS)'

fuzz: setup-test ## hostile input for what reads and encodes, SECONDS_EACH=30 each
	@Fuzz/run.sh $(SECONDS_EACH)

clean: ## forget everything that was built
	@rm -rf .build .build-* Benchmarks/.build Fuzz/.build .venv .venv-chattts .venv-peers

release: setup-serve
	@swift build $(RELEASE) --product chorus
	swift build $(RELEASE) --product chorus-espeak

# Does nothing when it is there already.
chattts:
	@scripts/setup.sh chattts
	scripts/chattts.sh

setup-serve:
	@scripts/setup.sh serve

setup-test:
	@scripts/setup.sh test

.venv/ready: $(PYTHON)/requirements.txt
.venv-peers/ready: $(PEERS)/requirements.txt
# Made anew only when the pinned packages change.
.venv/ready .venv-peers/ready: | setup-test
	@echo "Installing the packages that $< pins into $(@D)"
	python3 -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@
