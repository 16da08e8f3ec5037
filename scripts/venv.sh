#!/bin/sh
# Makes .venv with the newest Python that can. $PYTHON, when set, is the only one tried.
set -eu

too_old=""
without_venv=""
for python in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        too_old=${too_old:-$version}
    elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        without_venv=${without_venv:-$version}
    else
        echo "Creating .venv with Python $version"
        exec "$python" -m venv --clear .venv
    fi
done

if [ -n "$without_venv" ]; then
    echo "Python $without_venv lacks its venv module. Install it, e.g.: sudo apt install python$without_venv-venv" >&2
elif [ -n "$too_old" ]; then
    echo "Chatsite needs Python 3.11 or later, but only Python $too_old was found. Install a newer one, e.g.: sudo apt install python3 python3-venv" >&2
else
    echo "Chatsite needs Python 3.11 or later, but no Python was found. Install it, e.g.: sudo apt install python3 python3-venv" >&2
fi
exit 1
