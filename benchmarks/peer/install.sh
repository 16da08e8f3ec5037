#!/bin/sh
# Installs the peer's packages. Without them only our own site is measured, so this never fails.
cd "$(dirname "$0")" || exit 0

loads() {
    node -e "new (require('better-sqlite3'))(':memory:')" 2>/dev/null
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "Node.js with npm is not installed: only our own site will be measured"
elif ! loads; then
    echo "Installing the peer's packages"
    npm install --no-audit --no-fund --no-package-lock --loglevel=error >&2
    # Where no built module can be fetched: with the headers of the Node that is here.
    loads || (cd node_modules/better-sqlite3 2>/dev/null &&
        npm_config_nodedir=/usr npx --yes node-gyp rebuild --release >/dev/null 2>&1)
    loads || echo "better-sqlite3 was neither fetched nor built (a C++ compiler, make, Python and Node's headers build it): only our own site will be measured"
fi
