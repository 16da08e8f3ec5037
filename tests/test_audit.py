"""Known vulnerabilities fail `make check`; a list that cannot be reached is reported."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.environment import ROOT, hermetic
from tests.services import free_port

VULNERABILITY = {
    "id": "PYSEC-2026-1",
    "schema_version": "1.4.0",
    "summary": "A request may ask for anything.",
    "affected": [
        {
            "package": {"name": "django", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


def audit(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/audit.py", "--osv-url", url]
    environment = hermetic(no_proxy="127.0.0.1")
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@contextmanager
def osv(status: int = 200, **vulnerable: dict[str, Any]) -> Iterator[str]:
    """A list of vulnerabilities that speaks OSV's protocol, by the names of packages."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = vulnerable.get(query["package"]["name"])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"vulns": [known]} if known else {}).encode())

        def log_message(self, *args: Any) -> None:
            """Not among the results."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_nothing_known_is_nothing_to_say() -> None:
    with osv() as url:
        told = audit(url)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_a_vulnerability_fails_and_names_what_to_do() -> None:
    with osv(django=VULNERABILITY) as url:
        told = audit(url)
    assert told.returncode == 1
    assert told.stderr.startswith("django ")
    assert told.stderr.endswith("is vulnerable: PYSEC-2026-1 (mended in 99.1)\n")
    assert len(told.stderr.splitlines()) == 1


def test_a_list_out_of_reach_is_one_line_and_no_failure() -> None:
    told = audit(f"http://127.0.0.1:{free_port()}")
    assert told.returncode == 0
    assert told.stdout.startswith("Packages not audited: ")
    assert len(told.stdout.splitlines()) == 1


def test_a_list_out_of_order_is_one_line_and_no_failure() -> None:
    with osv(status=503) as url:
        told = audit(url)
    assert told.returncode == 0
    assert told.stdout.startswith("Packages not audited: ")
