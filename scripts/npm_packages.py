"""Fetches what the project takes from npm into node_modules: as `npm ci`, but without Node.

package-lock.json, in the working directory, pins it. What those packages need themselves is built
into what they bring for browsers, and is not fetched.

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
    for name in packages[""]["dependencies"]:
        place = f"node_modules/{name}"
        package = packages[place]
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
