"""Fetches what package-lock.json pins from npm into node_modules: as `npm ci`, but without Node.

Both are in the working directory.

Where npm cannot be reached the site works all the same, without what it takes from there.
"""

import json
import os
import socket
import tarfile
from http.client import HTTPException
from pathlib import Path

from hatch_npm_vendor.plugin import DEFAULT_REGISTRY
from hatch_npm_vendor.vendor import vendor_package

INSTALLED = Path("node_modules/installed")
REGISTRY = os.environ.get("NPM_CONFIG_REGISTRY") or DEFAULT_REGISTRY
SECONDS = 30


def main() -> None:
    socket.setdefaulttimeout(SECONDS)
    packages = json.loads(Path("package-lock.json").read_text())["packages"]
    del packages[""]  # the project itself
    for place, package in packages.items():
        name = place.removeprefix("node_modules/")
        print(f"Downloading {name} {package['version']}", flush=True)
        try:
            vendor_package(
                Path(place), name, package["version"], package["integrity"], registry=REGISTRY
            )
        except (OSError, HTTPException, RuntimeError, ValueError, tarfile.TarError) as error:
            print(f"Going on without it: {error}", flush=True)
            return
    INSTALLED.touch()


if __name__ == "__main__":
    main()
