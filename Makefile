# bkgen and bkcheck: build, test, lint, demo. Only Go, git and make are needed.
# Every tool is pinned here or in go.mod.

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION)

# Binaries link nothing of the system; the race detector alone needs cgo.
build demo: export CGO_ENABLED = 0

.PHONY: all build test simulate e2e image golden lint bench demo clean

all: build

## build: bin/bkgen and bin/bkcheck
build:
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

## test: all tests that need only Go; with the race detector where there is a C compiler
test:
	$(GO) test $(if $(shell command -v cc 2>/dev/null),-race) ./...

## simulate: a million steps of rollouts under faults, and planners broken on purpose
simulate:
	$(GO) test -count=1 -run Simulation ./pkg/upgrade -steps 1000000

## image: bkcheck's container image, as an OCI archive in build/image
image:
	$(GO) -C e2e run ./image/bkcheck -version '$(VERSION)' -revision '$(shell git rev-parse HEAD 2>/dev/null)' -o ../build/image/bkcheck.tar

## e2e: the tests with real parts (docs/development.md); Linux, root
e2e:
	./e2e/run

## golden: rewrite the expected files; read the diff before you commit it
golden:
	$(GO) test ./pkg/render -update

## lint: formatting, vet, staticcheck, tidiness, the import table of docs/design.md
lint:
	./.ci/lint

## bench: whole processes beside their peers, and the packages' own benchmarks
bench: build
	./e2e/bench/run

## demo: render the example cluster and show the result
demo: build
	@rm -rf build/demo && mkdir -p build
	./bin/bkgen --gitops argocd -o build/demo examples/bookkeeper/cluster.yaml
	@echo && echo "build/demo now holds:" && ls build/demo
	@echo && echo "the bookies (build/demo/60-statefulset-bookkeeper-bookie.yaml) begin:" && head -n 30 build/demo/60-statefulset-*.yaml
	@echo && echo "and it is what the spec renders:" && ./bin/bkgen --gitops argocd -o build/demo --check examples/bookkeeper/cluster.yaml && echo "no difference"

clean:
	rm -rf bin build
