"""Fetches what the project takes from npm into node_modules: as `npm ci`, but without Node.

package-lock.json, in the working directory, pins it. What those packages need themselves is built
into what they bring for browsers, and is not fetched. Of esbuild there is a package for each kind
of machine, which is one program.

Where npm cannot be reached the site works all the same, without what it takes from there.
"""

import json
import os
import platform
import socket
import tarfile
from http.client import HTTPException
from pathlib import Path
from typing import Any

from hatch_npm_vendor.plugin import DEFAULT_REGISTRY
from hatch_npm_vendor.vendor import vendor_package

INSTALLED = Path("node_modules/installed")
REGISTRY = os.environ.get("NPM_CONFIG_REGISTRY") or DEFAULT_REGISTRY
SECONDS = 30
# As npm names them.
_SYSTEMS = {"windows": "win32"}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}


def main() -> None:
    socket.setdefaulttimeout(SECONDS)
    packages = json.loads(Path("package-lock.json").read_text())["packages"]
    ours = packages[""]
    for name in (*ours["dependencies"], *ours.get("optionalDependencies", ())):
        place = f"node_modules/{name}"
        package = packages[place]
        if not _is_for_this_machine(package):
            continue
        print(f"Downloading {name} {package['version']}", flush=True)
        try:
            vendor_package(
                Path(place), name, package["version"], package["integrity"], registry=REGISTRY
            )
        except (OSError, HTTPException, RuntimeError, ValueError, tarfile.TarError) as error:
            print(f"Going on without it: {error}", flush=True)
            return
    INSTALLED.touch()


def _is_for_this_machine(package: dict[str, Any]) -> bool:
    system, machine = platform.system().lower(), platform.machine().lower()
    system, machine = _SYSTEMS.get(system, system), _MACHINES.get(machine, machine)
    return system in package.get("os", [system]) and machine in package.get("cpu", [machine])


if __name__ == "__main__":
    main()
