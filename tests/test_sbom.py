"""The list of what a site is made of, for those who keep one of all their software."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT, hermetic


def test_it_names_every_package_of_server_and_page(tmp_path: Path) -> None:
    written = tmp_path / "sbom.json"
    command = [sys.executable, "scripts/sbom.py", str(written)]
    subprocess.run(command, cwd=ROOT, env=hermetic(), check=True)
    bom = json.loads(written.read_text())
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    locked = re.findall(
        r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    asked = json.loads((ROOT / "package.json").read_text())["dependencies"]
    expected = {f"pkg:pypi/{name}@{version}".lower() for name, version in locked}
    expected |= {f"pkg:npm/{name}@{version}" for name, version in asked.items()}
    assert {each["purl"] for each in bom["components"]} >= expected
