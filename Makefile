# Everything starts here: `make demo` on a bare machine, `make test` before every change.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
READY := .venv/.ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test bench lint format clean

help:
	@echo 'make demo    安装并抓取自带的示例门户        install, crawl the bundled portals'
	@echo 'make test    检查与全部测试                  lint, types, all tests'
	@echo 'make bench   速度与准确度测量                measure speed and accuracy'
	@echo 'make lint    只做代码检查                    lint and types only'
	@echo 'make format  整理代码格式                    format the code'
	@echo 'make clean   删除环境与生成的文件            remove the environment and what was made'

# The environment is complete or not there: the stamp is written last.
$(READY): requirements.lock pyproject.toml
	@test -n '$(PYTHON)' || { echo '需要 Python 3.11 或更新版本（python3 --version）。' \
		'Python 3.11 or newer is needed; or: make PYTHON=/path/to/python3' >&2; exit 1; }
	@echo '正在准备 .venv，首次约需一分钟 / preparing .venv, about a minute the first time …' >&2
	@$(PYTHON) -m venv --clear .venv || { echo '无法创建虚拟环境；Debian、Ubuntu 请先安装 python3-venv。' \
		'Debian, Ubuntu: apt install python3-venv' >&2; exit 1; }
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)
	@$(BIN)/python -m fixtures.portals --crawl

lint: $(READY)
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@$(BIN)/mypy --no-error-summary

test: lint
	@$(BIN)/pytest --numprocesses auto --dist loadfile

bench: $(READY)
	@$(BIN)/python -m benchmarks.bench

format: $(READY)
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

clean:
	@rm -rf .venv build dist data/demo data/demo.jsonl .mypy_cache .ruff_cache .pytest_cache .hypothesis
