# Everything happens in .venv, which is made at the first call and made again when the requirements change.
PYTHON ?= python3
# For instance PIP_ARGS="--index-url URL" where wheels of torch without CUDA are to be had.
PIP_ARGS ?=
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help book test serve notebooks kit messages clean
.DEFAULT_GOAL := help

help:  ## say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/	/'

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --constraint constraints.txt --editable ".[learn,book,test]"
	touch $@

book: $(READY)  ## execute and build the book: book/_build/html/index.html
	$(BIN)/jupyter-book build -W --keep-going -n book
	$(BIN)/python book/_ext/translate_book.py

test: $(READY)  ## lint, unit tests, executed book, tests of the built pages
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -q --ignore=tests/site tests
	$(MAKE) book
	$(BIN)/python -m pytest -q tests/site

serve: book  ## build the book and serve it on http://127.0.0.1:8000
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory book/_build/html 8000

notebooks: book  ## write the learners' and the teachers' notebooks to build/notebooks (their texts quote the book's numbers)
	$(BIN)/python book/_ext/notebook_export.py book --out build/notebooks

messages: $(READY)  ## bring the translators' catalogues up to date with the English sentences
	$(BIN)/python book/_ext/messages.py

kit: notebooks  ## write build/anura-offline-kit.zip for students without internet, and one for the teacher
	$(BIN)/python teach/offline_kit.py

clean:  ## remove what was built, but not .venv
	rm -rf book/_build build
