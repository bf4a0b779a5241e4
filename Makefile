# Everything a newcomer or a machine runs. `make help` lists it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SERVES := $(VENV)/.serves
WARM   := $(VENV)/.warm
PEERS  := $(VENV)/.peers
PORT   := 8081
PHOTO  := sample/customer/watering-can-07-1.jpg
MINUTES := 5
SEED   := 1
TEXTS  := $(VENV)/texts.pot
PIP    := PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check --no-compile

.DEFAULT_GOAL := help
.PHONY: help demo setup test pytest check faults bench fix languages run sandbox

help:            ## show these targets
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

demo: $(SERVES)  ## open the sample shop and chat with the bot in a browser (PORT=8081, PHOTO=FILE to send first)
	@$(BIN)/imgrec open sample/products.csv --folder data/demo --model models/sample --name "Sample shop" \
	  --tray sample/customer.csv --send "$(PHOTO)" --port "$(PORT)"

setup: $(READY)  ## install everything into .venv (again only when dependencies change)

# What runs the bot: enough for the demo, and there in a minute.
$(SERVES): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing imgrec into $(VENV)."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -e .
	@touch $@

$(READY): $(SERVES)
	@echo "Installing what trains, renders and tests: about 2.5 GB with TensorFlow, a few minutes the first time."
	@$(PIP) -e '.[train,sample,dev]'
	@touch $@

test: setup      ## lint, type-check, check the import rules, and run the tests
	@$(MAKE) --no-print-directory --jobs 2 check pytest

# The workers, and the processes they start, share the cores: more threads each would only wait for each other. Byte code
# is kept, also where the environment says otherwise: hundreds of processes start, and would compile all they import.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

pytest: setup $(WARM)
	$(PYTEST)

# By one process, before every worker does the same at the same time.
$(WARM): $(READY)
	@$(PYTEST) --collect-only -n 0 >/dev/null || true
	@touch $@

check: setup     ## lint, formatting, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache >/dev/null || $(BIN)/lint-imports --no-cache

faults: setup    ## kill, cut off and flood the bot for minutes, and print what became of the photos (MINUTES=5 SEED=1)
	MINUTES="$(MINUTES)" SEED="$(SEED)" ONLY="$(ONLY)" WRITE="$(WRITE)" $(BIN)/python -m pytest tests/faults -m faults -n 0

bench: setup $(PEERS) ## measure each claim beside its peers, some ten minutes, into data/bench (FEED= VECTORS= ONLY=)
	$(BIN)/python benchmarks/suite.py $(if $(FEED),--feed "$(FEED)") $(if $(VECTORS),--vectors "$(VECTORS)") $(if $(ONLY),--only $(ONLY))

$(PEERS): $(READY)
	@echo "Installing what is measured beside imgrec: about 450 MB."
	@$(PIP) -e '.[bench]'
	@touch $@

fix: setup       ## mend what can be mended mechanically, and write the generated documents anew
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python docs/generate.py

languages: setup ## take new and changed texts of the bot into its catalogues (NEW=fr begins one)
	$(BIN)/pybabel -q extract -F bot/languages/babel.cfg --no-default-keywords -k say -k many:1,2 -k msgid --no-location -o $(TEXTS) bot
	@for code in $(NEW); do $(BIN)/pybabel -q init -l $$code -i $(TEXTS) -o bot/languages/$$code.po; done
	@for file in bot/languages/*.po; do $(BIN)/pybabel -q update -l $$(basename $$file .po) -i $(TEXTS) -o $$file \
	  --omit-header --no-fuzzy-matching --ignore-obsolete --width 116; done

run: $(SERVES)   ## run the bot (TELEGRAM_BOT_TOKEN in the environment; catalogue, model and index made before)
	$(BIN)/python -m bot

sandbox: $(SERVES) ## run a Bot API server on this machine, to try the bot without Telegram
	$(BIN)/python -m sandbox
