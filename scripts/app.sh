#!/usr/bin/env bash
# Build the demo, compile the kernels, open the dashboard. PORT and HOST say where.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=.venv/bin/python
options=(--server.port "${PORT:-8501}" --server.address "${HOST:-127.0.0.1}")
if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ "$(uname)" != Darwin ]; then
  options+=(--server.headless true)
fi

{ "$PYTHON" -m cxlib.cli demo --warm && "$PYTHON" -m cxlib.ui.prepare; } || echo "The demo could not be built; the dashboard opens without it." >&2
exec "$PYTHON" -m streamlit run app.py "${options[@]}"
