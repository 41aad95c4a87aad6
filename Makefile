# `make` lists the targets. All of them create and reuse .venv in this checkout.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all test-lowest lint format sweep shelf mutants fault-reports bench-check bench-memory bench-polygraphy bench-conversion bench-lambda bench-size bench-neural bench-web bench-batch docs v2-clients fuzz soak wheel-smoke check-template deploy-local arm64 findings web clean
PYTHON ?= python3
BIN := .venv/bin
export PYTHON
export ORT_DISABLE_TELEMETRY := 1

help: ## list the targets
	@grep -hE '^[A-Za-z0-9_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

setup: ## install what the tests need: .venv, browser runtime, Chromium, sam
	@scripts/setup.sh test

demo: ## train on penguins, export, check in every runtime found here
	@scripts/setup.sh demo
	@$(BIN)/isoship demo -o build/demo-work
	@rm -rf build/demo samconfig.toml && cp -r build/demo-work/bundle build/demo && cp build/demo/samconfig.toml .

lint: setup ## ruff, mypy and tsc
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm --prefix web run --silent check

test: lint ## lint, then every test with real runtimes (at most 15 minutes on 2 cores)
	$(BIN)/python -m pytest -n 2

test-all: setup ## what is too long for make test, GROUP=NAME or all groups; the last result of each (python -m benchmarks.long --list)
	$(BIN)/python -m benchmarks.long $(GROUP)

test-lowest: setup ## the core of the suite with the lowest releases that pyproject.toml declares (.tools/lowest, 1.3 GB)
	scripts/lowest.sh

format: ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

sweep: setup ## every scikit-learn estimator and booster on rows made to break it; tables, results, docs/support.md
	$(BIN)/python -m benchmarks.sweep
	$(BIN)/python -m benchmarks.boosters
	$(BIN)/python -m benchmarks.sweep --write-docs

shelf: setup ## 36 real bundles in every runtime, in one table (about 25 minutes)
	$(BIN)/python -m benchmarks.shelf

mutants: setup ## faults planted in shipped files and runtimes, each under check: detected / planted, and by which rows
	$(BIN)/python -m benchmarks.mutants

fault-reports: setup ## six planted faults and the report of each, with screenshots, in build/fault-reports
	$(BIN)/python -m benchmarks.mutants.reports build/fault-reports

bench-check: setup ## a check of a 100-tree forest: CPU beside the release before, time by default and with --rows max (about 8 minutes); benchmarks/results/check_time.json
	$(BIN)/python -m benchmarks.check_time

bench-memory: setup ## a million rows through every runtime of ours: memory and time (most of an hour, nearly all of it TF.js in Node)
	$(BIN)/python -m benchmarks.million_rows

bench-polygraphy: setup ## the faults of an all-numeric model: what polygraphy detects with its defaults, and check
	@[ -x .tools/polygraphy/bin/polygraphy ] || { $(PYTHON) -m venv .tools/polygraphy && \
	  .tools/polygraphy/bin/python -m pip install -q --disable-pip-version-check -r requirements/polygraphy.lock; }
	$(BIN)/python -m benchmarks.parity_vs_polygraphy

bench-conversion: setup ## our graphs beside skl2onnx's and onnxmltools': size, load, latency; benchmarks/results/conversion.json
	$(BIN)/python -m benchmarks.conversion

bench-lambda: setup ## cold starts under awslambdaric: ours beside floors and usual stacks (about 12 minutes); benchmarks/results/cold_start.json
	$(BIN)/python -m benchmarks.cold_start

bench-size: setup ## models of a million nodes and of 600 columns, and the release before: CPU time, memory (4,300 s of CPU, more than an hour; ROWS="forest-500" for some); benchmarks/results/size.json
	$(BIN)/python -m benchmarks.size $(ROWS)

bench-neural: setup ## networks beside a C program on ONNX Runtime's C API: calls, HTTP, export, cold start (about 10 minutes, needs a C compiler); benchmarks/results/neural.json
	$(BIN)/python -m benchmarks.neural

bench-web: setup ## forests, boosters and linear models in Node and Chromium beside onnxruntime-web, ydf-inference and m2cgen; a network beside the official converter's, where Keras and it are; CSV files beside PapaParse with onnxruntime-web (about 14 minutes); benchmarks/results/web.json, web_networks.json, web_files.json
	@[ -d .tools/bench-web/site ] || { npm install --silent --no-audit --no-fund --ignore-scripts --prefix .tools/bench-web ydf-inference@0.0.4 && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --target .tools/bench-web/site -r requirements/bench-web.lock; }
	@[ -d .tools/bench-web/node_modules/@litertjs/core ] || npm install --silent --no-audit --no-fund --ignore-scripts --prefix .tools/bench-web @litertjs/core@2.5.3
	$(BIN)/python -m benchmarks.web
	$(BIN)/python -m benchmarks.web.networks
	$(BIN)/python -m benchmarks.web.files

bench-batch: setup ## isoship predict on a million rows beside scikit-learn with pandas: CPU, time, memory (about 5 minutes); benchmarks/results/batch.json
	$(BIN)/python -m benchmarks.batch

docs: ## the documentation as a site in build/docs, searched and read without a server (.tools/docs)
	@scripts/docs.sh

v2-clients: setup ## the stock clients of KServe and MLServer against every server of ours (environments of their own, 0.8 GB)
	scripts/v2_clients.sh

fuzz: setup ## drawn events and bodies at length, and the whole OpenAPI schema (about a minute)
	ISOSHIP_FUZZ=600 $(BIN)/python -m pytest -n0 tests/http/test_fuzz.py
	ISOSHIP_FUZZ=20 $(BIN)/python -m pytest -n0 tests/http/test_schemathesis.py

soak: setup ## 10,000 invocations of one Lambda process: memory does not grow
	ISOSHIP_INVOCATIONS=10000 $(BIN)/python -m pytest -n0 -s tests/lambda/test_warm.py -k thousands

wheel-smoke: setup ## README's first commands as written: the wheel in an empty environment, everything else from the index
	scripts/wheel_smoke.sh

check-template: setup ## template.yaml under cfn-lint with the serverless rules and checkov, every combination of parameters translated
	scripts/check_template.sh

deploy-local: setup ## sam deploy real bundles to a local AWS: signed calls, alias, hook, a stopped deployment, each parameter, delete, a container image (about 15 minutes)
	scripts/deploy_local.sh

findings: ## surprises about outside software, each shown again in an environment of its own (needs the registries)
	@failed=0; for script in findings/*.sh; do echo "== $$script"; timeout 900 "$$script" || failed=1; done; exit $$failed

arm64: setup ## lambda/ and edge/ built for arm64 and executed under emulation (Debian; QEMU and a Python from apt)
	scripts/arm64.sh

web: ## build the browser runtime from web/ again
	$(BIN)/python hatch_build.py

clean: ## remove what make made, .venv included
	rm -rf .venv .tools build dist web/node_modules export/isoship/_web edge/isoship_edge/_docs
