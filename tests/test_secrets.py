"""A secret in a tracked file fails `make check`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT, hermetic

# In two parts each, or this file would fail it.
PLANTED = {
    "AWS Access Key": "key = AKIA" + "Q3EGRWX7TLB2M5KZ",
    "Private Key": "-----BEGIN EC PRIVATE" + " KEY-----",
    "Hex High Entropy String": 'JWT_SECRET = "8f3c1d9a07be' + '42561a9c7e0db3f48265"',
    "Basic Auth Credentials": "DATABASE_URL=postgres://chatsite:Tr0ub4d" + "or@db/chatsite",
}


def scan(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "check_secrets.py")]
    return subprocess.run(command, cwd=folder, env=hermetic(), capture_output=True, text=True)


@pytest.mark.parametrize("kind", PLANTED)
def test_one_that_is_tracked_is_found_and_not_told(tmp_path: Path, kind: str) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "settings.txt").write_text(f"A line before.\n{PLANTED[kind]}\n")
    assert scan(tmp_path).returncode == 0  # nobody else gets what git does not track
    subprocess.run(["git", "add", "settings.txt"], cwd=tmp_path, check=True)
    told = scan(tmp_path)
    assert told.returncode == 1
    assert told.stderr.splitlines() == [
        f"settings.txt:2: {kind}",
        "Take them out, and make new ones: what was committed is known.",
    ]
