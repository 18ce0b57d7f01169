# The menu of the repository. `make test` is the one command a newcomer needs.
GO    ?= go
TOOLS  = -modfile=tools/go.mod
LINKED = ./cmd/web

.PHONY: help generate test check kill chaos agree fuzz load licenses

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

generate: ## templates to Go (the result is committed)
	$(GO) tool templ generate

test: ## unit, contract and end-to-end tests as far as this machine has the servers
	@$(GO) run ./scripts/suite

check: ## what a change must pass before review: generated files, fixes, vet, lint, race, layers
	$(GO) tool templ generate
	git diff --exit-code -- '*_templ.go'
	if $(GO) help fix | grep -q -- -diff; then $(GO) fix -diff ./...; fi
	$(GO) vet ./...
	$(GO) tool $(TOOLS) golangci-lint run
	$(GO) test -race -shuffle=on $$($(GO) list ./... | grep -v /test/)
	$(GO) test -count=1 ./internal/archtest

kill: ## kill -9 the server 20 times under load, on every pair of stores, and recount
	ERRATA_TEST_KILLS=20 $(GO) test -count=1 -timeout=60m -v ./test/kill/...

chaos: ## Elasticsearch stopped, late, refusing, cut off and torn: every page says so in time, and nothing is lost
	$(GO) test -count=1 -timeout=30m -v ./test/chaos/...

agree: ## random events and queries: engines, lists and charts agree with models
	ERRATA_AGREE=10000 $(GO) test -count=1 -timeout=60m -run=TestAgree -v ./internal/search/...
	ERRATA_AGREE=3000 $(GO) test -count=1 -timeout=30m -run=TestAgree -v ./internal/find

fuzz: ## every fuzz target for FUZZTIME (default 10m) each
	@for pkg in $$(grep -rl --include='*_test.go' '^func Fuzz' internal | xargs -n1 dirname | sort -u); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$pkg/*_test.go); do \
			echo "== $$pkg $$target"; \
			$(GO) test ./$$pkg -run=^$$ -fuzz="^$$target$$" -fuzztime=$${FUZZTIME:-10m} -fuzzminimizetime=100x || exit 1; \
		done; \
	done

load: ## open-loop load for 60 s on the default binary, with an id ledger
	$(GO) run ./test/load

licenses: ## THIRD_PARTY.md: the licence texts of everything linked
	$(GO) run ./scripts/licenses $(LINKED) >THIRD_PARTY.md
