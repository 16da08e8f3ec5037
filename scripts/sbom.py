"""Writes what a site is made of, as CycloneDX 1.6 in JSON: to var/sbom.json, or the path given.

It reads the locked requirements of the server, and of the page.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)


def main(path: Path) -> None:
    site = Component(name="chatsite", type=ComponentType.APPLICATION)
    bom = Bom(components=packages())
    bom.metadata.component = site
    bom.register_dependency(site, bom.components)
    path.parent.mkdir(exist_ok=True)
    JsonV1Dot6(bom).output_to_file(str(path), allow_overwrite=True, indent=2)


def packages() -> Iterator[Component]:
    for name, version in PIN.findall((ROOT / "requirements.txt").read_text()):
        yield component(PackageURL("pypi", name=name, version=version))
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for path, package in locked.items():
        if path:  # "" is this project
            name = path.removeprefix("node_modules/")
            yield component(PackageURL("npm", name=name, version=package["version"]))


def component(url: PackageURL) -> Component:
    return Component(name=url.name, version=url.version, purl=url, bom_ref=url.to_string())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "sbom.json")
