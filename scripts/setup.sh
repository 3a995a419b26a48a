#!/usr/bin/env bash
# Make everything ready in .venv, from the lock files: setup.sh app | dev | test.
# `app` is what the dashboard needs, `dev` adds the tools, `test` adds the browser and the Chinese fonts.
# A second run finds the marks of the first and returns at once.
set -euo pipefail
cd "$(dirname "$0")/.."

WANT=${1:-app}
VENV=.venv
OLDEST="(3, 11)"
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

say() { printf '%s\n' "$*" >&2; }

may_be_root() {
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ]; }; }; }
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo --preserve-env=DEBIAN_FRONTEND "$@"; fi; }

# Install Debian or Ubuntu packages where that is allowed; the lists are fetched first where there are none or they
# are out of date.
install_packages() {
  command -v apt-get >/dev/null && may_be_root || return 1
  say "Installing the system packages $*"
  if compgen -G "/var/lib/apt/lists/*_Packages*" >/dev/null; then
    as_root apt-get install -y -q --no-install-recommends "$@" >&2 && return 0
  fi
  as_root apt-get update -q >&2 && as_root apt-get install -y -q --no-install-recommends "$@" >&2
}

new_enough() { "$1" -c "import sys; sys.exit(sys.version_info < $OLDEST)" 2>/dev/null; }

makes_environments() { "$1" -c "import ensurepip, venv" 2>/dev/null; }

# Name the Python to use: one that can make environments before one that needs a package for it.
find_python() {
  local name first=""
  for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python3.14; do
    command -v "$name" >/dev/null && new_enough "$name" || continue
    if makes_environments "$name"; then
      echo "$name"
      return
    fi
    first=${first:-$name}
  done
  echo "$first"
}

make_environment() {
  if [ -x "$VENV/bin/python" ] && new_enough "$VENV/bin/python" && "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    return
  fi
  local python version
  python=$(find_python)
  if [ -z "$python" ]; then
    install_packages python3 python3-venv || install_packages python3.11 python3.11-venv || true
    python=$(find_python)
  fi
  if [ -z "$python" ]; then
    say "Python 3.11 or newer is needed. On Debian 12 or Ubuntu 24.04: apt-get install python3 python3-venv"
    exit 1
  fi
  if ! makes_environments "$python"; then
    version=$("$python" -c "import sys; print('%d.%d' % sys.version_info[:2])")
    if ! install_packages "python$version-venv"; then
      say "$python cannot make environments. As root: apt-get install python$version-venv"
      exit 1
    fi
  fi
  say "Making $VENV with $("$python" --version)"
  "$python" -m venv --clear "$VENV"
}

# The mark of a lock file: its hash and the folder that it was installed for.
mark_of() { { cat "$1" pyproject.toml && pwd; } | sha256sum | cut -d ' ' -f 1; }

is_installed() { [ -f "$VENV/$1.mark" ] && [ "$(cat "$VENV/$1.mark")" = "$(mark_of "$1")" ]; }

install_lock() {
  local lock=$1
  say "Installing $(grep -c '==' "$lock") packages from $lock (about a minute the first time)"
  "$VENV/bin/python" -m pip install -q --only-binary :all: --require-hashes -r "$lock" >&2
  "$VENV/bin/python" -m pip install -q --no-deps --no-build-isolation --no-index -e . >&2
  mark_of "$lock" >"$VENV/$lock.mark"
}

# The tools contain what the dashboard needs, so whoever has them needs no more for it.
install_python() {
  make_environment
  if is_installed requirements-dev.txt || { [ "$WANT" = app ] && is_installed requirements.txt; }; then
    return
  fi
  if [ "$WANT" = app ]; then install_lock requirements.txt; else install_lock requirements-dev.txt; fi
}

has_browser() { "$VENV/bin/python" scripts/dashboard.py browser >/dev/null 2>&1; }

has_chinese_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]; }

# Ubuntu's package is a snap, which a container cannot start and which sees no temporary folder: there the browser
# comes with its driver.
install_browser() {
  if grep -qs '^ID=ubuntu' /etc/os-release; then
    may_be_root && as_root "$PWD/$VENV/bin/python" -m playwright install-deps chromium >&2 &&
      "$VENV/bin/python" -m playwright install chromium >&2
  else
    install_packages chromium
  fi
}

# What is missing here does not stop the tests: those that need it are skipped and say why.
install_test_system() {
  if ! has_browser && ! { install_browser && has_browser; }; then
    say "There is no Chromium: the tests in a browser will be skipped. As root: apt-get install chromium"
  fi
  if ! has_chinese_font && ! install_packages fontconfig fonts-noto-cjk; then
    say "There is no Chinese font: pictures will show boxes. As root: apt-get install fonts-noto-cjk"
  fi
  # Workbooks are opened with it, in the long run of the tests only: it is large.
  if [ "${SLOW:-}" = 1 ] && ! command -v soffice >/dev/null && ! install_packages libreoffice-calc; then
    say "There is no LibreOffice: its reading of workbooks is not tested. As root: apt-get install libreoffice-calc"
  fi
}

case $WANT in
  app | dev) install_python ;;
  test)
    install_python
    install_test_system
    ;;
  *)
    say "usage: scripts/setup.sh app | dev | test"
    exit 2
    ;;
esac
