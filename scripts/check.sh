#!/usr/bin/env bash
# Format, lint, types, import layers, texts: all are run, and all that fail are named at the end.
set -uo pipefail
cd "$(dirname "$0")/.."

export PATH="$PWD/.venv/bin:$PATH"
failed=()
passed=0

check() {
  local name=$1
  shift
  echo "--- $name: $*"
  if "$@"; then passed=$((passed + 1)); else failed+=("$name"); fi
}

check format python -m ruff format --check .
check lint python -m ruff check .
check types python -m mypy
check layers lint-imports
check reference python scripts/reference.py --check
check texts python scripts/catalogues.py check

echo "=== checks: $passed passed, ${#failed[@]} failed ${failed[*]}"
[ ${#failed[@]} -eq 0 ]
