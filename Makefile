# Needs only Make, npm and any Node from 20 on; the Spark tests need Java 17 and Maven too, the browser tests Chromium.
SHELL := /bin/sh
.DEFAULT_GOAL := help

STAMP := node_modules/.setup
# The pinned Node and the tools come first on the path.
WITH_TOOLS := PATH="$(CURDIR)/node_modules/.bin:$$PATH"
# Node alone would take one file less at a time than there are processors: many wait for servers and processes.
AT_ONCE := $(shell getconf _NPROCESSORS_ONLN)
# Tests start hundreds of processes of the same code.
NODE_TEST := $(WITH_TOOLS) NODE_COMPILE_CACHE="$(CURDIR)/.cache/node" node --disable-warning=ExperimentalWarning --test --test-concurrency=$(AT_ONCE)
TESTS = $(sort $(shell find test -name '*.test.ts'))
SPARK_TESTS = $(sort $(wildcard test/parity/*.test.ts test/spark/*.test.ts))
FAULT_TESTS = $(sort $(wildcard test/faults/*.test.ts test/faults/kafka/*.test.ts))
# Of which the night tries more cases than the day.
RANDOM_TESTS = $(sort $(shell grep -rlE 'tries.[0-9]|env.LOANSTREAM_NIGHTLY' test --include='*.test.ts'))
BROWSER_TESTS = $(sort $(wildcard test/e2e/*.test.ts))
CHROMIUM ?= $(firstword $(wildcard /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome))
ARGS ?=

.PHONY: help setup run docs test verify test-unit parity test-browser test-faults chromium nightly bench spark clean clean-data

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-26s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## install the locked packages, the pinned Node among them

$(STAMP): package-lock.json package.json .npmrc
	@npm ci --loglevel=error --no-update-notifier >&2
	@touch $@

run: setup ## generate applications and show live tables (ARGS='--seed 7 …')
	@bin/loanstream run $(ARGS)

docs: setup ## write the pages that are made from the code
	$(WITH_TOOLS) npm run --silent docs:tables
	$(WITH_TOOLS) npm run --silent docs:generator

test: verify chromium ## verify, then every test, Spark's and the browser's included
	$(NODE_TEST) $(TESTS)

verify: setup ## style and types
	$(WITH_TOOLS) biome check --error-on-warnings .
	$(WITH_TOOLS) tsc --noEmit
	$(WITH_TOOLS) tsc --noEmit --project web

test-unit: setup ## the tests that need neither Java nor a browser, nor minutes
	$(NODE_TEST) $(filter-out $(SPARK_TESTS) $(BROWSER_TESTS) $(FAULT_TESTS),$(TESTS))

# Nothing or 1 is Spark 3.5.4, as with `make up`.
ON_SPARK = LOANSTREAM_TEST_SPARK_RELEASE=$(SPARK)
parity: setup ## the tests that compare with Spark and run on it (SPARK=4: on the newest 4 instead of 3.5.4)
	$(ON_SPARK) $(NODE_TEST) $(SPARK_TESTS)

test-browser: setup chromium ## the tests that open the page in Chromium
	$(NODE_TEST) $(BROWSER_TESTS)

test-faults: setup ## kills, torn writes, full disks, damaged files, and two days at once
	$(NODE_TEST) $(FAULT_TESTS)

# Without a Chromium the browser's tests are skipped with a loud line; with CI set they fail.
chromium: ## Debian's Chromium, where there is none and we are root (CHROMIUM=… names another)
	@if [ -z "$(CHROMIUM)" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium \
	    || echo 'Chromium could not be installed.' >&2; \
	fi

nightly: setup ## faults at ten times the rate, and fresh random cases by the hundred, on Spark too (SPARK=4)
	$(ON_SPARK) LOANSTREAM_NIGHTLY=1 $(NODE_TEST) $(sort $(FAULT_TESTS) $(SPARK_TESTS) $(RANDOM_TESTS))

bench: setup ## events a CPU-second of engine and generator (bench/README.md)
	$(WITH_TOOLS) node --disable-warning=ExperimentalWarning bench/engine.ts
	$(WITH_TOOLS) node --disable-warning=ExperimentalWarning bench/generator.ts

spark: setup ## a Spark server at sc://127.0.0.1:15002 until Ctrl-C (SPARK=4; LOANSTREAM_TEST_SPARK lets tests use it)
	@$(WITH_TOOLS) node stack/spark/serve.ts

clean: ## remove temporary files, never data
	rm -rf .cache
	find . -name '*.log' -not -path './node_modules/*' -not -path './.loanstream/*' -delete

clean-data: ## stop the stack; remove the event log, its data and every output under .loanstream (asks, or YES=1)
	@if [ "$(YES)" != 1 ]; then \
	  printf 'Remove .loanstream with every event and output in it? [y/N] '; \
	  read answer; [ "$$answer" = y ] || { echo 'Kept.'; exit 1; }; \
	fi; { [ ! -x node_modules/.bin/node ] || $(STACK) down --data; } && rm -rf .loanstream && echo 'Removed .loanstream.'

# Where Kafka is: KAFKA_PORT of this machine, else what loanstream.yaml and LOANSTREAM_KAFKA_* say.
AT_KAFKA = $(if $(KAFKA_PORT),--kafka-bootstrap 127.0.0.1:$(KAFKA_PORT))

# The stack: Kafka, and on it the application (APP=0 leaves it out) or Spark (docs/stack.md). KAFKA_PORT, APP_PORT and
# SPARK_PORT name other ports.
STACK := $(WITH_TOOLS) node --disable-warning=ExperimentalWarning stack/main.ts
KAFKA_TESTS = $(sort $(wildcard test/kafka/*.test.ts test/stack/*.test.ts))

.PHONY: up down logs test-kafka compose

up: setup ## start Kafka on port 9092 and the application on 8080; SPARK=1 or 4: instead of it Spark 3.5.4 or 4.2.0 on 15002
	@$(STACK) up

down: setup ## stop what `make up` started; its data is kept
	@$(STACK) down

logs: setup ## show the end of the stack's logs and follow them (SERVICE=kafka or app for one)
	@$(STACK) logs $(SERVICE)

test-kafka: setup compose ## the tests that start Kafka
	$(NODE_TEST) $(KAFKA_TESTS)

# They need Java.
test-unit: TESTS := $(filter-out $(KAFKA_TESTS),$(TESTS))

test: compose

# Without it the check of docker-compose.yaml is skipped with a loud line; with CI set it fails.
compose: ## Debian's docker-compose, where there is none and we are root
	@if ! command -v docker-compose >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends docker-compose \
	    || echo 'docker-compose could not be installed.' >&2; \
	fi

# RATE=max is one that no machine keeps up with.
RATE ?= 10
kafka-producer-single: setup ## send generated events to Kafka as their time comes (RATE=10 a second or max, COUNT=, SEED=)
	@bin/loanstream generate --out kafka --paced --rhythm flat --rate $(if $(filter max,$(RATE)),100000,$(RATE)) \
	  $(if $(COUNT),--events $(COUNT)) $(if $(SEED),--seed $(SEED)) $(AT_KAFKA) $(ARGS)

.PHONY: kafka-producer-single

# Spark is where SPARK_PORT of this machine says, else SPARK_REMOTE=sc://host:port, or loanstream.yaml.
AT_SPARK = $(if $(SPARK_PORT),--spark-remote sc://127.0.0.1:$(SPARK_PORT))
# In a container it has other ways to Kafka and to disks.
IN_CONTAINER = --spark-kafka-bootstrap kafka:19092 --spark-checkpoints /opt/spark/work-dir/checkpoints
SPARK_PLACE = $(if $(shell docker compose --profile spark ps --quiet spark 2>/dev/null),$(IN_CONTAINER))
SPARK_FLAGS = $(if $(filter 1,$(DETACH)),--detach) $(if $(filter 1,$(STOP)),--stop) $(if $(filter 1,$(RESTART)),--restart)

.PHONY: spark-app-single spark-status

spark-app-single: setup ## run the pipeline on Spark, from Kafka to Kafka, until Ctrl-C (DETACH=1, STOP=1, RESTART=1)
	@bin/loanstream run --engine spark $(AT_SPARK) $(AT_KAFKA) $(SPARK_PLACE) \
	  $(SPARK_FLAGS) $(ARGS)

spark-status: setup ## how the queries on Spark are (JSON=1)
	@bin/loanstream status --engine spark $(if $(JSON),--json) $(ARGS)

# Topics and consumers on Kafka (docs/kafka.md).
ON_KAFKA = --broker kafka $(AT_KAFKA)
CONSUMERS := input output-risk output-fraud output-stats output-segment output-channel alerts late dlq
KAFKA_CONSUMERS := $(CONSUMERS:%=kafka-consumer-%)

.PHONY: kafka-list kafka-create kafka-recreate kafka-delete-all $(KAFKA_CONSUMERS)

kafka-list: setup ## the topics on Kafka: partitions, records, size, how long they are kept (JSON=1)
	@bin/loanstream topics list $(ON_KAFKA) $(if $(JSON),--json) $(ARGS)

kafka-create: setup ## make the topics that are missing on Kafka, as pipeline.yaml has them
	@bin/loanstream topics create $(ON_KAFKA) $(ARGS)

kafka-recreate: setup ## make all the topics on Kafka anew, without their records (asks, or YES=1)
	@bin/loanstream topics recreate $(ON_KAFKA) $(if $(filter 1,$(YES)),--yes) $(ARGS)

kafka-delete-all: setup ## delete the topics of this project on Kafka, and no others (asks, or YES=1)
	@bin/loanstream topics delete $(ON_KAFKA) $(if $(filter 1,$(YES)),--yes) $(ARGS)

kafka-consumer-input: ## follow the events on Kafka until Ctrl-C (JSON=1, FROM=beginning, MAX=100, KEY=…)
kafka-consumer-output-risk: ## so the rows of an analysis: risk, fraud, stats, segment, channel
kafka-consumer-alerts: ## so the alerts; -late and -dlq what was refused

# Standard output is only data.
$(KAFKA_CONSUMERS): setup
	@bin/loanstream consume $(patsubst output-%,%,$(@:kafka-consumer-%=%)) $(ON_KAFKA) $(if $(JSON),--json) \
	  $(if $(FROM),--from $(FROM)) $(if $(MAX),--max $(MAX)) $(if $(KEY),--key '$(KEY)') $(ARGS)
