# Rollcall. The two to know: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO ?= go
# Arguments for the demo, e.g. make demo ARGS=--once
ARGS ?=
TOOL = $(GO) tool -modfile=tools/go.mod

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: build
build: ## build all programs into bin/ (the first time takes some minutes: a whole Temporal server)
	@./build.sh

.PHONY: demo
demo: build ## run everything on this machine with a made-up district; ARGS=--once ends after the table
	@bin/devstack demo $(ARGS)

.PHONY: demo-reset
demo-reset: build ## forget what the demo made
	@bin/devstack reset

.PHONY: test
test: programs check test-unit test-e2e ## everything below

.PHONY: check
check: ## vet, staticcheck, workflowcheck
	$(GO) vet ./...
	cd devstack && $(GO) vet ./...
	$(TOOL) staticcheck ./...
	cd devstack && $(GO) tool -modfile=../tools/go.mod staticcheck ./...
	$(TOOL) workflowcheck -config workflowcheck.yaml ./workflows

# MAX's own schema (OpenAPI), if you have it: the adapter and the stand-in are held to it.
MAX_SCHEMA ?=
export MAX_SCHEMA := $(if $(MAX_SCHEMA),$(abspath $(MAX_SCHEMA)))

.PHONY: test-unit
test-unit: ## unit, property, workflow and replay tests, on a real PostgreSQL; MAX_SCHEMA=FILE holds MAX's part to the vendor's schema
	@$(if $(MAX_SCHEMA),echo "MAX's adapter and stand-in are held to $(MAX_SCHEMA)",echo "left out: MAX's adapter and stand-in are not held to the vendor's schema: give it with MAX_SCHEMA=FILE")
	$(GO) test ./...

.PHONY: test-e2e
test-e2e: ## the whole stack: real Temporal, real PostgreSQL, the sandbox, the programs themselves
	cd devstack && $(GO) test -timeout 45m ./...

.PHONY: record
record: ## record the histories that the replay test replays, after a deliberate change of workflows
	cd devstack && ROLLCALL_RECORD=$(CURDIR)/workflows/testdata/histories $(GO) test -count=1 -run TestRecordHistories ./e2e

.PHONY: programs
programs: ## install PostgreSQL's programs, tinyproxy and promtool where they are missing (Debian, as root)
	@./programs.sh postgresql tinyproxy promtool
