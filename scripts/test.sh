#!/usr/bin/env bash
# Run the tests on JOBS processes; SLOW=1 adds the long proofs. Further arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

options=(-n "${JOBS:-2}")
if [ "${SLOW:-0}" = 1 ]; then
  options+=(--session-timeout 2700)
else
  options+=(-m "not slow" --session-timeout 1140)
fi
exec .venv/bin/python -m pytest "${options[@]}" "$@"
