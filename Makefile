# Everything runs in .venv, made on first use and remade when a pin changes.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
AUDIT := .venv-audit
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: repro data learn paper test test-slow faults fuzz soak storm lint docs audit sbom setup

repro: setup
	dvc repro

# The dataset and its report alone: no agent is trained or evaluated.
data: setup
	dvc repro report

# A small training whose task is to choose what to keep (docs/results.md): about an hour of two quiet cores, in a copy.
# Checkpoints are kept here, so that it goes on when it is killed and started again.
learn: setup
	MEMCURATE_RUNS_DIR=$(CURDIR)/runs dvc exp run --temp --name learn \
	  --set-param training.profile=learn \
	  --set-param 'enabled_sources=[small_worlds]' \
	  --set-param dataset.max_train_per_source=400
	python -m tools.tell_learning learn

# The paper's dataset (docs/paper.md): its params take the place of params.yaml.
paper: setup
	git diff --quiet HEAD -- params.yaml || { echo "params.yaml has changes: commit them first" >&2; exit 1; }
	memcurate pin --params params.paper.yaml
	cp params.paper.yaml params.yaml
	dvc repro report

test: setup
	pytest -n 2 -m "not slow"

# Those of the first line measure time and memory of whole builds: nothing else runs beside them.
test-slow: setup
	pytest -m slow --ignore tests/training --ignore tests/frameworks \
	  --ignore tests/faults --ignore tests/fuzz --ignore tests/soak --ignore tests/storm
	pytest -n 2 --dist loadfile -m slow tests/faults tests/fuzz tests/soak tests/storm
	pytest -n 2 --dist loadfile -m slow tests/training tests/frameworks

# Kills and faults of the machine at every stage: half an hour of two cores. MINUTES, CASES and SEED may be given.
faults: setup
	python -m tests.faults --minutes $(or $(MINUTES),30) --cases $(or $(CASES),600) --seed $(or $(SEED),0)

# Hostile input at every door of strangers' data, guided by coverage. MINUTES and SEED may be given; the inputs that
# reached new code stay in .fuzz/, and the next run goes on from them.
fuzz: setup
	python -m tests.fuzz --minutes $(or $(MINUTES),20) --seed $(or $(SEED),0)

# Jobs against a hostile server, by a client that is killed again and again: about 20 minutes. ITEMS and SEED may be given.
storm: setup
	python -m tests.storm --items $(or $(ITEMS),10000) --kills 20 --faults 0.4 --seed $(or $(SEED),0)

# Rebuilds after random changes of params, in a copy: about 20 minutes. REBUILDS, MINUTES and SEED may be given.
soak: setup
	python -m tests.soak --rebuilds $(or $(REBUILDS),200) $(if $(MINUTES),--minutes $(MINUTES)) --seed $(or $(SEED),0)

lint: setup
	ruff check .
	ruff format --check .
	mypy
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet

# The site, in site/: the references of commands and params are generated first.
docs: setup
	python -m tools.generate_reference
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

# Secrets in the committed files, and known vulnerabilities of the pinned packages, for which it asks PyPI. A line with
# `pragma: allowlist secret`, or after `allowlist nextline secret`, has an example. Hex strings here are hashes.
audit: $(AUDIT)/.installed
	git ls-files -z | xargs -0 $(AUDIT)/bin/detect-secrets-hook --disable-plugin HexHighEntropyString \
	  --exclude-files '^reviews/' --exclude-secrets '^(PASSWORD|[a-z]{26}0123456789_)$$'
	$(AUDIT)/bin/pip-audit --strict --disable-pip --no-deps --requirement constraints.txt

# The packages of this environment with versions, licenses and dependencies, in CycloneDX, for a release.
sbom: setup $(AUDIT)/.installed
	mkdir -p dist
	$(AUDIT)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file dist/sbom.json $(VENV)/bin/python

# The tools have an environment of their own: nothing else needs them.
$(AUDIT)/.installed: Makefile constraints.txt
	test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/pip install --quiet --constraint constraints.txt detect-secrets==1.5.0 pip-audit==2.10.1 cyclonedx-bom==7.5.0
	touch $@

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	pip install --quiet --constraint constraints.txt --editable ".[env,pipeline,run,train,ray,s3,dev,docs]"
	touch $@

