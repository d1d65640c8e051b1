# The two commands: make demo, make test. Each sets itself up in .venv with the pinned versions of constraints.txt.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement
TESTING = 'pytest>=8.4' 'pytest-timeout>=2.4' 'hypothesis>=6.130' 'datasketch>=2'
BOUNDED = $(addprefix tests/,model store tasks sampling documents validation/test_checks.py validation/test_suites.py \
	datasets/test_publish.py studio/test_codec.py studio/test_client.py)

.PHONY: install demo test check lint soak bench faults scale spark s3 cleanlab gliner readers corpora oldest newest sphinx docs pictures clean

install: $(READY)

demo: $(READY)
	$(BIN)/copydesk demo

# Two processes: while a server works for one, the other is not idle. tests/conftest.py says who does what, and when.
test: $(READY)
	$(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder

check: lint test

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: $(READY)
	$(BIN)/python -m pytest -m soak --soak

# Pages with gold text for tests/gate and the benchmark of pages, from the package registry into .corpora/.
corpora: $(READY)
	$(BIN)/python tests/gate/fetch.py

bench: $(READY) corpora
	$(BIN)/python benchmarks/run.py

# Push and pull through a network that lies, beside the loop that anybody writes with the SDK: some ten minutes.
faults: $(READY)
	$(BIN)/python benchmarks/faults.py

# A hundred thousand and a million generated articles: a good while, and some gigabytes of disk.
scale: $(READY)
	$(BIN)/python benchmarks/scale.py

# Half a gigabyte, which only the engine spark needs; Java 17 is not in it.
spark: $(READY)
	$(INSTALL) constraints-spark.txt

# For addresses that begin with s3://, with a store to test them on.
s3: $(READY)
	$(INSTALL) constraints-s3.txt

# To set label errors as the library cleanlab finds them beside our own.
cleanlab: $(READY)
	$(INSTALL) constraints-cleanlab.txt

# To suggest labels by a GLiNER model exported to ONNX.
gliner: $(READY)
	$(INSTALL) constraints-gliner.txt

# The generator of the documentation.
sphinx: $(READY)
	$(INSTALL) constraints-docs.txt

# The documentation as a site in build/site: any warning, such as a link that leads nowhere, is an error.
docs: sphinx
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --builder html docs build/site
	@echo "The documentation: build/site/index.html"

# The pictures of the documentation, taken in Chromium from a real Label Studio and from the pages of the demo.
pictures: demo
	PYTHONPATH=tests/browser $(BIN)/python tests/docs/chromium.py docs/pictures
	PYTHONPATH=tests/browser $(BIN)/python tests/report/pictures.py . docs/pictures

# An environment for each library that tests/datasets/readers reads a version with, and nothing else in it.
readers: $(patsubst tests/datasets/readers/%.txt,.readers/%/.ready,$(wildcard tests/datasets/readers/*.txt))

.readers/%/.ready: tests/datasets/readers/%.txt | $(READY)
	$(BIN)/python -m venv --without-pip --clear .readers/$*
	$(BIN)/python -m pip --python .readers/$* install --quiet --disable-pip-version-check --no-compile --no-deps --requirement $<
	touch $@

# The same tests with the lowest versions that pyproject.toml allows, and with the newest: each in an environment of its own.
oldest: RESOLUTION := lowest-direct
newest: RESOLUTION := highest
oldest newest: $(READY)
	$(BIN)/python -m venv --without-pip --clear .bounds/$@
	$(BIN)/uv pip install --quiet --resolution $(RESOLUTION) --python .bounds/$@ '.[s3]' $(TESTING)
	env -u PYTHONPATH .bounds/$@/bin/python -m pytest --override-ini filterwarnings=default $(BOUNDED)

# Bytecode is compiled here, once, whatever PYTHONDONTWRITEBYTECODE says: without it every start pays several times over.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Copydesk needs Python 3.11, 3.12 or 3.13, this is " + sys.version.split()[0]) if sys.version_info[:2] not in {(3, 11), (3, 12), (3, 13)} else None'
	$(PYTHON) -m venv .venv
	@echo "Installing the pinned packages into .venv: a few minutes the first time."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -j 0 .venv/lib || true
	touch $(READY)

clean:
	rm -rf .venv .bounds .readers .copydesk .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
