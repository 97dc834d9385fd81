# Every task of the project. `make help` lists those that carry a `##` comment.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TSX := node --import tsx
SETUP := node_modules/.package-lock.json
PEERS := bench/peers/node_modules/.package-lock.json
PENSTOCK := node build/out/penstock.js

.PHONY: help setup build demo test test-long test-chaos conformance lint format bench bench-peers migration reference client-types sbom clean bench-attacks
.PHONY: native memcheck native-clean db psql db-stop db-clean

help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(SETUP): package.json package-lock.json
	@node build/check-node.cjs
	npm ci
	@touch $@

setup: $(SETUP) ## Install what the embedded part needs (npm alone)

build: $(SETUP) ## Compile TypeScript to SQL functions, the psql installer and the command
	@$(TSX) build/main.ts

demo: build ## Run the main job on the embedded database, on real input (INPUT=file.jsonl for your own)
	@$(PENSTOCK) demo $(if $(INPUT),--input "$(INPUT)") $(DEMO_ARGS)

test: build ## Run every suite that this machine can run; the last line has the totals
	@$(TSX) test/run.ts

test-chaos: build ## Real faults on private servers; a fault that is skipped fails
	@PENSTOCK_NO_SKIP=1 $(TSX) test/run.ts --only chaos

test-long: build ## The same suites with 100 000 generated cases and more
	@PENSTOCK_TEST_LONG=1 $(TSX) test/run.ts

conformance: $(SETUP) ## Judge the language plv8 of a server (DATABASE_URL=...), or the embedded one
	@$(TSX) host/conformance/run.ts

lint: $(SETUP) ## Formatter, type checks, linters of TypeScript and SQL
	@$(TSX) test/run.ts --only static

format: $(SETUP) ## Rewrite the sources in the project's format
	@npx --no-install biome format --write .

bench: build bench-peers ## Measure; prints ours, each peer and the ratio
	@$(TSX) bench/main.ts $(BENCH)

$(PEERS): bench/peers/package.json bench/peers/package-lock.json bench/peers/install.ts $(SETUP)
	@$(TSX) bench/peers/install.ts

bench-peers: $(PEERS) ## Install what benchmarks compare with, in bench/peers (npm; compiles two packages)

bench-attacks: $(SETUP) ## Attack the tokens of sealed collections; prints the tables of docs/sealed.md
	@$(TSX) bench/attacks/main.ts

migration: build ## Write the next migration from sql/ and plv8-src/ (for maintainers)
	@$(TSX) build/migration.ts $(MIGRATION_ARGS)

reference: build ## Write docs/reference.md from the comments in the database
	@$(TSX) build/reference.ts

client-types: $(SETUP) ## Write client/sql/functions.ts, the types of the SQL functions, from the catalog
	@$(TSX) build/client-types.ts

native: $(SETUP) ## Install plv8 and pgvector for this machine's PostgreSQL (Debian and its kin; HOST=native forces ours)
	@host/native/setup.sh

memcheck: native ## Run the conformance suite with a server under valgrind (minutes)
	@$(MAKE) -C host/native memcheck

native-clean: ## Remove exactly what `make native` added
	@host/native/clean.sh

db: build ## Start a private PostgreSQL with everything installed; the last line is its DATABASE_URL
	@$(TSX) host/native/cluster.ts start >/dev/null
	@DATABASE_URL="$$($(TSX) host/native/cluster.ts url)" $(PENSTOCK) migrate >/dev/null
	@$(TSX) host/native/cluster.ts url

psql: ## Open psql on the private PostgreSQL
	@psql "$$($(TSX) host/native/cluster.ts url)"

db-stop: ## Stop the private PostgreSQL; its data stay
	@$(TSX) host/native/cluster.ts stop

db-clean: ## Stop the private PostgreSQL and remove its data
	@$(TSX) host/native/cluster.ts clean

sbom: $(SETUP) ## Write the software bill of materials (CycloneDX) to build/out/sbom.cdx.json
	@$(TSX) build/sbom.ts

clean: ## Remove what the build wrote
	@rm -rf build/out
