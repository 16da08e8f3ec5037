"""Fails when an installed package has a known vulnerability, and says so when nobody can tell.

Arguments are handed on to pip-audit.
"""

import json
import subprocess
import sys
from typing import Any

# OSV holds what PyPI's own list does. A machine that cannot reach it notices at the first package.
COMMAND = [sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--local"]
OPTIONS = ["--format", "json", "--desc", "off", "--progress-spinner", "off", "--timeout", "5"]
SECONDS = 300


class NotAudited(Exception):
    """The reason in one line."""


def main(arguments: list[str]) -> None:
    try:
        packages = audit(arguments)
    except NotAudited as reason:
        print(f"Packages not audited: {reason}")
        return
    if unknown := [package["name"] for package in packages if "skip_reason" in package]:
        print(f"Packages not audited, for nothing is known of them: {', '.join(unknown)}")
    if vulnerable := [package for package in packages if package.get("vulns")]:
        raise SystemExit("\n".join(map(describe, vulnerable)))


def audit(arguments: list[str]) -> list[dict[str, Any]]:
    """The packages as pip-audit describes them."""
    command = [*COMMAND, *OPTIONS, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise NotAudited(f"no end within {SECONDS} seconds") from None
    if not done.stdout.startswith("{"):
        *_, last = done.stderr.strip().splitlines() or ["no answer"]
        raise NotAudited(f"the list of vulnerabilities gave no answer ({last.split(':')[0]})")
    packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    return packages


def describe(package: dict[str, Any]) -> str:
    known = (
        f"{each['id']} (mended in {' or '.join(each['fix_versions']) or 'no release yet'})"
        for each in package["vulns"]
    )
    return f"{package['name']} {package['version']} is vulnerable: {', '.join(known)}"


if __name__ == "__main__":
    main(sys.argv[1:])
