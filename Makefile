# pbirefresh. `make` alone lists what can be made.
#
# Needs Go; tests with real storage need Node as well. Everything else is
# installed from the project's own pinned files: tools/go.mod, tools/package-lock.json, tools/*/package-lock.json.

GO    ?= go
LINT  := $(GO) tool -modfile=tools/go.mod golangci-lint
STAMP := tools/node_modules/.package-lock.json
KQL   := tools/kql/node_modules/.package-lock.json

.DEFAULT_GOAL := help

.PHONY: help
help: ## List what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-11s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## Refresh a model end to end on this machine, then keep serving (ARGS=--once ends after it)
	@$(GO) run ./cmd/pbirefresh dev $(ARGS)

.PHONY: test
test: $(STAMP) $(KQL) ## Run all tests, Azurite and the staged app included
	$(GO) vet ./...
	$(GO) test -timeout 10m ./...
	$(GO) -C test/infra vet ./...
	$(GO) -C test/infra test -timeout 5m ./...

.PHONY: race
race: $(STAMP) ## Run all tests with the race detector
	$(GO) test -race -timeout 15m ./...

.PHONY: lint
lint: ## Check the code, and the directions of its imports
	$(LINT) run ./...
	$(LINT) run --build-tags clients,chaos,nightly ./test/...
	cd test/infra && $(GO) tool -modfile=../../tools/go.mod golangci-lint run --build-tags tofu ./...

OPENAPI := tools/openapi/node_modules/.package-lock.json

.PHONY: openapi
openapi: $(OPENAPI) ## Lint the description of the HTTP API, handler/openapi.json
	@REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true tools/openapi/node_modules/.bin/redocly lint \
		--config tools/openapi/redocly.yaml handler/openapi.json

$(OPENAPI): tools/openapi/package-lock.json
	npm ci --prefix tools/openapi --no-audit --no-fund --loglevel=error
	@touch $@

PYTHON := build/python/.installed
JAVA   := build/java/.installed

.PHONY: clients
clients: $(STAMP) $(PYTHON) $(JAVA) ## Run callers in Python and Java against the staged app, and parse the T-SQL (needs Python 3.11, Java 17, Maven)
	$(GO) vet -tags clients ./test/integrations
	$(GO) test -tags clients ./test/integrations -timeout 15m -run 'Clients|SQL'

.PHONY: schemathesis
schemathesis: $(PYTHON) ## Send requests made from handler/openapi.json to the running app (SEEDS="1 2")
	@./.ci/schemathesis

PAGE := tools/page/node_modules/.package-lock.json

.PHONY: page
page: $(STAMP) $(PAGE) ## Check the page of GET /api/dashboard in Chromium (INSTALL=yes installs Debian's; screenshots: build/page)
	@INSTALL=$(INSTALL) ./.ci/page

$(PAGE): tools/page/package-lock.json
	npm ci --prefix tools/page --no-audit --no-fund --loglevel=error
	@touch $@

NIGHTLY := build/nightly/.installed

.PHONY: clients-nightly
clients-nightly: $(NIGHTLY) ## Let Power BI clients of other makers, pbipy and Airflow's hook, use the simulator (installs 0.5 GB)
	$(GO) vet -tags nightly ./test/integrations
	$(GO) test -tags nightly ./test/integrations -run TestRealClients -count 1

$(NIGHTLY): tools/nightly/requirements.txt
	rm -rf build/nightly
	python3 -m venv build/nightly
	build/nightly/bin/pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r tools/nightly/requirements.txt
	@touch $@

$(PYTHON): tools/python/requirements.txt
	@command -v python3 >/dev/null || { echo "These checks need Python 3.11 or newer (python3, with venv): https://www.python.org"; exit 1; }
	rm -rf build/python
	python3 -m venv build/python
	build/python/bin/pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r tools/python/requirements.txt
	@touch $@

$(JAVA): tools/java/pom.xml
	@command -v mvn >/dev/null || { echo "The pollers in Java need Java 17 or newer and Maven (mvn): https://maven.apache.org"; exit 1; }
	rm -rf build/java
	mvn --quiet --batch-mode -f tools/java/pom.xml dependency:copy-dependencies -DoutputDirectory="$(CURDIR)/build/java"
	@touch $@

.PHONY: infra-check
infra-check: ## Let the real OpenTofu judge infra/, without a cloud (builds it once: minutes)
	@./.ci/infra

.PHONY: fuzz
fuzz: ## Fuzz every parser of outside input for a while (FUZZTIME=10s each)
	@./.ci/fuzz $(or $(FUZZTIME),10s)

.PHONY: soak
soak: ## Play random schedules of faults, and a year of the timer, in virtual time (SCHEDULES=20000 FROM=1000, SOAKFOR=8h)
	$(GO) test ./schedule -run '^TestAYearOfMinutes$$' -year
	$(GO) test ./test/simulation -run TestSchedules -schedules $(or $(SCHEDULES),20000) -for $(or $(SOAKFOR),0) -from $(or $(FROM),1000) -timeout 0 -v

.PHONY: chaos
chaos: $(STAMP) ## Kill and freeze real processes at random under load, about five minutes (TRIGGERS=2000 CHAOSFOR=90s)
	$(GO) test -tags chaos ./test/e2e -run 'TestChaos$$' -chaos.triggers $(or $(TRIGGERS),2000) -chaos.for $(or $(CHAOSFOR),90s) -timeout 20m -v

.PHONY: attack
attack: $(STAMP) ## Attack the staged app behind the fake host: its doors, its memory, its queue, its documents
	$(GO) test ./access ./callback ./handler ./schedule -run '^Test(Principals|Policies|UnreadablePolicies|Charsets|Networks|LimiterIsBounded|ClientAddress|SilentReceivers|TooManyCallbacks)'
	$(GO) test -tags attack ./local/funchost ./test/e2e -timeout 20m \
		-run '^Test(Attack|HostCases|NoSpelling|TheSecondLine|KeysGuard|ASignatureOpens|NoSecretIsWritten|ForgedAttempt|BadInput|Policy|CallbackToAPrivate)'

.PHONY: mutants
mutants: $(STAMP) ## Show the tests deliberate bugs, one at a time, and see each caught
	@$(GO) run ./test/mutants

.PHONY: golden
golden: ## Rewrite the golden scenarios; look at the diff before committing it
	$(GO) test ./refresh/machine -run Scenarios -update

.PHONY: package
package: ## Stage dist/, zip it for linux/amd64 and linux/arm64 into build/, with bills of materials; check licences
	@$(GO) run ./cmd/pbirefresh package

.PHONY: release
release: ## Package, and make checksums and notes in build/release (ARGS=--allow-dirty)
	@$(GO) run ./cmd/pbirefresh release $(ARGS)

.PHONY: tools
tools: $(STAMP) $(KQL) ## Install the Node tools that the tests need (Azurite, the parser of Kusto queries)

$(STAMP): tools/package-lock.json
	@command -v npm >/dev/null || { echo "The tests with real storage need Node 20 or newer (npm): https://nodejs.org"; exit 1; }
	npm ci --prefix tools --no-audit --no-fund --loglevel=error
	@touch $@

$(KQL): tools/kql/package-lock.json
	npm ci --prefix tools/kql --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: clean
clean: ## Remove what these commands made
	rm -rf dist build tools/node_modules tools/*/node_modules
