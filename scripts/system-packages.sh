#!/bin/sh
# The tests run against a real Redis, a real PostgreSQL, a real browser, a real client of Socket.IO in
# Node, a virus scanner, and clocks that disagree.
# What of them is missing is installed where apt can do so unasked; otherwise this says what to install.
set -eu

has() {
    for program in "$@"; do
        if command -v "$program" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

missing=""
has redis-server || missing="$missing redis-server"
has initdb /usr/lib/postgresql/*/bin/initdb || missing="$missing postgresql"
has nginx /usr/sbin/nginx || missing="$missing nginx"
# Debian also has Chromium without its windows, which does the same with a third of the work.
if ! has chromium-headless-shell; then
    if apt-cache show chromium-headless-shell >/dev/null 2>&1; then
        missing="$missing chromium-headless-shell fonts-liberation"
    else
        has chromium chromium-browser google-chrome || missing="$missing chromium fonts-liberation"
    fi
fi
has node || missing="$missing nodejs"
has npm || missing="$missing npm"
has faketime || missing="$missing faketime"
has xgettext || missing="$missing gettext"
has clamd /usr/sbin/clamd || missing="$missing clamav-daemon"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root="no"
fi

if has apt-get && [ "$as_root" != no ]; then
    echo "Installing for the tests:$missing"
    log=$(mktemp)
    # shellcheck disable=SC2086  # words on purpose
    if $as_root apt-get update -qq >"$log" 2>&1 &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            $missing >>"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    cat "$log" >&2
    rm -f "$log"
fi

echo "The tests need programs that are missing here. On Debian or Ubuntu: sudo apt install$missing" >&2
if [ "${CI:-}" = true ]; then exit 1; fi
echo "Tests that need them are skipped." >&2
