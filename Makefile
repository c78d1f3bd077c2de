# Armada. `make help` lists the targets.
PREFIX ?= /usr/local
DESTDIR ?=
CPUS ?= 4
MEMORY ?= 512M
# make chaos: words to execute, and the first seed. make decode-all: every STRIDEth word is compared.
WORDS ?= 100000000
SEED ?= 1
STRIDE ?= 1009
# make stage2: operations on the tables, over all shapes; SEED as above.
STEPS ?= 1000000
# make lockstep: so many runs of the seed must be one. make loss: so many workers are killed. make boots: so many boots.
RUNS ?= 1000

# The Swift runtime is linked in: the programs start faster and run without a toolchain.
RELEASE := -c release --static-swift-stdlib
BIN := .build/release
SOURCES := Package.swift Sources Tests Fuzzing/Package.swift $(wildcard Benchmarks)

# Of make fuzz-a64.
SECONDS ?= 60
FAIL_CASES := .cache/fail-cases

.PHONY: help build guests run linux test fuzz-a64 chaos lockstep loss boots decode-all stage2 bench install format lint clean

help:
	@echo 'make build    release build of armada, armada-vcpu and the guests'
	@echo 'make run      boot the built-in SMP guest on CPUS=4 vCPUs and print the exit table'
	@echo 'make linux    boot Debian arm64 on CPUS=4 vCPUs to an interactive shell (Ctrl-a x quits)'
	@echo 'make test     every test and check, as .ci/run'
	@echo 'make fuzz-a64 compare random A64 programs with Unicorn for SECONDS=60, from SEED=...'
	@echo 'make chaos    executes WORDS=100000000 random words on whole machines, from SEED=1 on'
	@echo 'make lockstep repeats a run of SEED=1 in lock-step RUNS=1000 times; all must be the same'
	@echo 'make loss     kills RUNS=1000 workers at random moments; the others must go on'
	@echo 'make boots    boots Debian arm64 RUNS=1000 times; each must come to its end'
	@echo 'make decode-all  decodes all 2^32 words and compares every STRIDE=1009th'
	@echo 'make stage2   STEPS=1000000 random operations on stage-2 tables of every shape, from SEED=1'
	@echo 'make bench    the speed figures, side by side with qemu-system-aarch64'
	@echo 'make install  programs, guests, man page and bash completion to PREFIX=/usr/local'
	@echo 'make format   format the sources; make lint checks them'
	@echo 'make clean    remove what was built; .cache/ with its downloads stays'

build: guests
	deploy/setup.sh build
	swift build $(RELEASE)

guests:
	deploy/build-guests.sh

run: build
	$(BIN)/armada run -c $(CPUS) -m $(MEMORY) --stats

linux: build
	deploy/setup.sh linux
	deploy/fetch-linux.sh
	deploy/make-initramfs.sh
	$(BIN)/armada run -c $(CPUS) -m $(MEMORY) -k .cache/linux/vmlinuz -i .cache/linux/initrd.gz -p "console=ttyAMA0"

test:
	deploy/setup.sh build test
	deploy/check-wire.sh
	$(MAKE) lint
	$(MAKE) build
	deploy/check-man.sh
	deploy/check-coverage.sh
	deploy/check-protocol.sh
	deploy/fetch-linux.sh
	deploy/make-initramfs.sh
	ARMADA_BIN_DIR="$(CURDIR)/$(BIN)" swift test

# Without a SEED of the command line's or the environment's, the time.
fuzz-a64:
	deploy/setup.sh build test
	swift build -c release --package-path Fuzzing --product fuzz-a64
	mkdir -p $(FAIL_CASES)
	Fuzzing/.build/release/fuzz-a64 --seconds $(SECONDS) --fail-cases $(FAIL_CASES) \
		--seed $(if $(filter file,$(origin SEED)),$$(date +%s),$(SEED))

chaos: build
	ARMADA_CHAOS_WORDS=$(WORDS) ARMADA_CHAOS_SEED=$(SEED) ARMADA_BIN_DIR="$(CURDIR)/$(BIN)" \
		swift test --filter GuestTests.Chaos

lockstep: build
	ARMADA_LOCKSTEP_RUNS=$(RUNS) ARMADA_LOCKSTEP_SEED=$(SEED) ARMADA_BIN_DIR="$(CURDIR)/$(BIN)" \
		swift test --filter GuestTests.LockstepRuns/isOneRunHoweverOften

loss: build
	ARMADA_LOSS_MOMENTS=$(RUNS) ARMADA_BIN_DIR="$(CURDIR)/$(BIN)" swift test --filter GuestTests.LossMoments

boots: build
	deploy/fetch-linux.sh
	deploy/make-initramfs.sh
	ARMADA_LINUX_BOOTS=$(RUNS) ARMADA_BIN_DIR="$(CURDIR)/$(BIN)" swift test --filter GuestTests.Linux/bootsManyTimes

# Optimised, with what is internal visible to the tests: in a folder of its own.
decode-all: guests
	deploy/setup.sh build test
	ARMADA_DECODE_STRIDE=$(STRIDE) swift test -c release -Xswiftc -enable-testing --scratch-path .build/optimised \
		--filter DecodeDifferentialTests.everyWord

stage2:
	deploy/setup.sh build
	ARMADA_STAGE2_STEPS=$(STEPS) ARMADA_STAGE2_SEED=$(SEED) swift test -c release -Xswiftc -enable-testing \
		--scratch-path .build/optimised --filter CoordinatorTests.Stage2ModelTests

bench: build
	deploy/setup.sh bench
	deploy/fetch-linux.sh
	deploy/make-initramfs.sh
	python3 Benchmarks/bench.py --bin $(BIN)

install: build
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/armada/guests" \
		"$(DESTDIR)$(PREFIX)/share/man/man1" "$(DESTDIR)$(PREFIX)/share/bash-completion/completions"
	install -m 755 $(BIN)/armada $(BIN)/armada-vcpu "$(DESTDIR)$(PREFIX)/bin"
	install -m 644 Guests/build/*.elf "$(DESTDIR)$(PREFIX)/share/armada/guests"
	install -m 644 deploy/man/armada.1 "$(DESTDIR)$(PREFIX)/share/man/man1"
	$(BIN)/armada --generate-completion-script bash > "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/armada"

format:
	swift format -i -r $(SOURCES)

lint:
	swift format lint -s -r $(SOURCES)

clean:
	rm -rf .build Fuzzing/.build Guests/build
