#!/usr/bin/env bash
# Renew both lock files from pyproject.toml. They hold names, versions and hashes, and no address.
# What is locked stays unless pyproject.toml asks for more; `--upgrade` takes the newest of everything.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v uv >/dev/null; then
  [ -x .venv-lock/bin/uv ] || { python3 -m venv .venv-lock && .venv-lock/bin/python -m pip install -q uv; }
  export PATH="$PWD/.venv-lock/bin:$PATH"
fi

compile() {
  local lock=$1
  shift
  uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
    --no-annotate --quiet --output-file "$lock" "$@" >/dev/null
}

# The tools first: what the dashboard runs on is then the same versions, which the tests have run on.
compile requirements-dev.txt --group dev "$@"
compile requirements.txt --group build --constraints requirements-dev.txt "$@"
