"""Installs what a requirements file lists, and shows how far it is."""

import re
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
OPTIONS = ["--progress-bar", "off", "--require-hashes", "--requirement"]
PIN = re.compile(r"^[\w.-]+(?:\[[\w,-]+\])?==", re.MULTILINE)
FOUND = re.compile(r"^(?:Collecting|Processing|Requirement already satisfied)", re.MULTILINE)
INSTALLING = re.compile(r"^Installing collected packages: (.+)$", re.MULTILINE)
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))


def main(requirements: str) -> None:
    command = [*PIP, *OPTIONS, requirements]
    listed = len(PIN.findall(Path(requirements).read_text()))
    before = installed()
    shown = ""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        with output.open("wb") as stdout, errors.open("wb") as stderr:
            pip = subprocess.Popen(command, stdout=stdout, stderr=stderr)
        try:
            while pip.poll() is None:
                time.sleep(0.2)
                shown = show(progress(output.read_text(), listed, before), shown)
        except KeyboardInterrupt:
            pip.wait()
            raise SystemExit(130) from None
        finally:
            if shown and sys.stdout.isatty():
                print()
        if pip.returncode:
            lines = errors.read_text().splitlines(keepends=True)
            sys.stderr.writelines(line for line in lines if not line.startswith("WARNING"))
            raise SystemExit(pip.returncode)


def installed() -> set[str]:
    return {path.name for path in SITE_PACKAGES.glob("*.dist-info")}


def progress(output: str, listed: int, before: set[str]) -> tuple[str, int, int]:
    """What pip is doing, how many packages are done, and of how many."""
    if installing := INSTALLING.search(output):
        return "Installing packages", len(installed() - before), installing[1].count(",") + 1
    return "Downloading packages", min(len(FOUND.findall(output)), listed), listed


def show(now: tuple[str, int, int], shown: str) -> str:
    """On a terminal one line that changes, elsewhere a line for every quarter of the way."""
    doing, done, total = now
    if sys.stdout.isatty():
        line = f"{doing}: {done} of {total}"
        print(f"\r{line}\x1b[K", end="", flush=True)
    else:
        line = f"{doing}: {done * 4 // total * 25} %"
        if line != shown:
            print(line, flush=True)
    return line


if __name__ == "__main__":
    main(sys.argv[1])
