"""The site behind nginx, as deploy/ configures it."""

import base64
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from tests import files, pictures
from tests.browser.site import Site
from tests.environment import ROOT
from tests.services import Server, find, free_port

PATIENCE = 20  # seconds
TOO_LARGE = b"x" * (10 * 2**20 + 1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(
        tmp_path_factory.mktemp("site"), MEDIA_ACCEL_PATH="/protected-media/"
    ).running() as site:
        yield site


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture(scope="module")
def nginx(site: Site, folder: Path) -> Iterator[str]:
    with running(folder, site) as url:
        yield url


@pytest.fixture
def logs(folder: Path) -> Callable[[], str]:
    """All that this nginx has logged."""
    return partial(_logged, folder)


def _logged(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.glob("*log"))


@contextmanager
def running(folder: Path, *sites: Site, **changes: str) -> Iterator[str]:
    """Its URL. All is as deploy/ says, but for ports, folders, and the directives in `changes`."""
    program, port = find("nginx", "/usr/sbin/nginx"), free_port()
    _configure(folder, sites, port, changes)
    url = f"http://127.0.0.1:{port}"
    command = [program, "-e", "stderr", "-p", str(folder), "-c", "main.conf"]
    server = Server(command, port=port, url=url, folder=folder)
    server.start()
    yield url
    server.stop()


def _configure(folder: Path, sites: Sequence[Site], port: int, changes: dict[str, str]) -> None:
    places = {
        "/etc/nginx/chatsite": str(folder),
        "/var/log/nginx": str(folder),
        "/srv/chatsite/staticfiles": str(ROOT / "staticfiles"),
        "/srv/chatsite/media": str(sites[0].log.parent / "media"),
        "listen 80": f"listen 127.0.0.1:{port}",
    }
    for name in ("nginx.conf", "site.conf", "proxy.conf"):
        text = (ROOT / "deploy" / name).read_text()
        for place, here in places.items():
            text = text.replace(place, here)
        for directive, value in changes.items():
            text = re.sub(rf"{directive} .*;", f"{directive} {value};", text)
        (folder / name).write_text(text)
    (folder / "upstream.conf").write_text(_upstreams(sites))
    own = "user root;" if os.geteuid() == 0 else ""
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in temporary)
    (folder / "main.conf").write_text(
        f"{own} daemon off; pid {folder}/pid; events {{}} http {{ access_log off; {paths}"
        f" include /etc/nginx/mime.types; include nginx.conf; }}"
    )


def _upstreams(sites: Sequence[Site]) -> str:
    """As docs/deploy.md has them."""
    text = (ROOT / "docs" / "deploy.md").read_text()
    groups = re.findall(r"^    upstream .+?^    }", text, re.MULTILINE | re.DOTALL)[:2]
    servers = "".join(f"server 127.0.0.1:{site.port} max_fails=0;" for site in sites)
    return re.sub(r"(?:server [^;]+;\s*)+", servers, "\n".join(groups))


@pytest.fixture
def person(nginx: str) -> Iterator[Callable[[str], httpx.Client]]:
    """Somebody with an account, signed in."""
    with ExitStack() as stack:
        yield lambda name: _signed_in(
            stack.enter_context(httpx.Client(base_url=nginx, timeout=PATIENCE)), name
        )


def _signed_in(client: httpx.Client, name: str) -> httpx.Client:
    account = {"fullName": name, "email": f"{name}@example.org", "password": "correct horse"}
    if client.post("/api/auth/signup", json=account).status_code != 201:
        assert client.post("/api/auth/login", json=account).status_code == 200
    return client


def _key(client: httpx.Client) -> str:
    return str(client.get("/api/auth/check").json()["_id"])


def test_static_files_come_from_disk_and_for_good(nginx: str) -> None:
    page = httpx.get(f"{nginx}/login")
    (sheet, *_) = re.findall(r'href="(/static/[^"]+\.css)"', page.text)
    answer = httpx.get(nginx + sheet)
    assert answer.headers["ETag"]  # nginx has one for a file; the site has none
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/static/none.css", "/static/none.0123456789ab.css"])
def test_a_static_file_that_is_not_there_is_the_sites_404(nginx: str, path: str) -> None:
    answer = httpx.get(nginx + path)
    assert answer.status_code == 404
    assert "X-Request-ID" in answer.headers


def test_a_client_does_not_choose_the_id_of_its_request(nginx: str) -> None:
    answer = httpx.get(f"{nginx}/login", headers={"X-Request-ID": "chosen-by-a-client"})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_sockets_pass(nginx: str, person: Callable[[str], httpx.Client]) -> None:
    cookie = {"Cookie": f"jwt={person('ada').cookies['jwt']}"}
    address = nginx.replace("http", "ws") + "/ws/chat/"
    with connect(address, additional_headers=cookie, origin=Origin(nginx), proxy=None) as socket:
        assert json.loads(socket.recv(PATIENCE))["event"] == "getOnlineUsers"


def test_a_picture_is_for_those_who_may_see_it(person: Callable[[str], httpx.Client]) -> None:
    ada, bob, eve = person("ada"), person("bob"), person("eve")
    image = f"data:image/png;base64,{base64.b64encode(pictures.picture()).decode()}"
    sent = ada.post(f"/api/messages/send/{_key(bob)}", json={"image": image}).json()
    seen = bob.get(sent["image"])
    assert (seen.status_code, seen.headers["Content-Type"]) == (200, "image/webp")
    assert seen.headers["ETag"]
    assert seen.headers["Cache-Control"] == "private, no-cache"
    assert seen.headers["Content-Security-Policy"] == "default-src 'none'"
    assert seen.headers["X-Content-Type-Options"] == "nosniff"
    assert eve.get(sent["image"]).status_code == 404
    name = sent["image"].rpartition("/")[2]
    assert bob.get(f"/protected-media/{name[:2]}/{name}").status_code == 404


def test_a_body_that_is_too_large_is_refused_as_the_site_does(nginx: str) -> None:
    answer = httpx.post(f"{nginx}/api/auth/login", content=TOO_LARGE, timeout=PATIENCE)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"message": "The request is too large."}


def test_what_is_too_large_to_be_shared_leads_to_what_to_do_with_it(nginx: str) -> None:
    answer = httpx.post(f"{nginx}/share", content=TOO_LARGE, timeout=PATIENCE)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/share?lost=size")
    assert httpx.post(f"{nginx}/share", data={"text": "Look"}).headers["Location"] == (
        "/share?text=Look"
    )


def test_a_file_of_any_size_passes_as_it_comes_and_is_handed_over_in_parts(
    person: Callable[[str], httpx.Client],
) -> None:
    ada, bob, eve = person("ada"), person("bob"), person("eve")
    form = {"file": ("Протокол.mp4", files.MP4 + TOO_LARGE)}
    told = ada.post("/api/attachments", files=form).raise_for_status().json()
    body = {"attachments": [told["id"]]}
    ada.post(f"/api/messages/send/{_key(bob)}", json=body).raise_for_status()
    part = bob.get(told["url"], headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.content) == (206, files.MP4[:2])
    assert part.headers["Content-Type"] == "video/mp4"
    assert part.headers["Content-Disposition"].startswith("inline; filename*=utf-8''%D0%9F")
    assert part.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert part.headers["X-Content-Type-Options"] == "nosniff"
    assert part.headers["Cache-Control"] == "private, no-cache"
    several = bob.get(told["url"], headers={"Range": "bytes=0-1,4-5"})
    assert (several.status_code, len(several.content)) == (200, told["size"])
    assert bob.get(told["url"], headers={"Range": "bytes=99999999-"}).status_code == 416
    assert eve.get(told["url"]).status_code == 404


def test_an_upload_goes_on_through_it(person: Callable[[str], httpx.Client]) -> None:
    ada = person("ada")
    headers = {**files.TUS, "Upload-Length": str(len(TOO_LARGE))}
    location = ada.post("/api/uploads", headers=headers).headers["Location"]
    for start, end in ((0, 1000), (1000, len(TOO_LARGE))):
        headers = {**files.TUS, "Upload-Offset": str(start), "Content-Type": files.OFFSET_TYPE}
        sent = ada.patch(location, content=TOO_LARGE[start:end], headers=headers)
        assert (sent.status_code, sent.headers["Upload-Offset"]) == (204, str(end))


def test_without_a_worker_the_api_still_answers_in_json(nginx: str, site: Site) -> None:
    site.stop()
    try:
        answer = httpx.get(f"{nginx}/api/auth/check", timeout=PATIENCE)
        page = httpx.get(f"{nginx}/login", timeout=PATIENCE)
    finally:
        site.start()
    assert answer.status_code == page.status_code == 502
    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.json()) == ["message"]
    assert page.headers["Content-Type"] == "text/html"


def test_a_worker_that_does_not_answer_is_a_json_504(site: Site, tmp_path: Path) -> None:
    with running(tmp_path, site, proxy_read_timeout="500ms") as url, site.frozen():
        answer = httpx.get(f"{url}/api/auth/check", timeout=PATIENCE)
    assert answer.status_code == 504
    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.json()) == ["message"]


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/reset/MQ/a-secret", "/reset/..."),
        ("/address/MQ/a-secret", "/address/..."),
        ("//reset/MQ/a-secret", "//..."),
        ("/RESET/a-secret", "/RESET/..."),
        ("/socket.io/?EIO=4&transport=polling&sid=a-secret", "/socket.io/..."),
        ("/login?next=a-secret", "/login"),
        ("/?a-secret", "/"),
        ("/api/messages/contacts?search=a-secret", "/api/messages/contacts"),
        ("/static/none.css?a-secret", "/static/none.css"),
    ],
)
def test_no_log_has_what_opens_a_door(
    nginx: str, site: Site, logs: Callable[[], str], path: str, logged: str
) -> None:
    httpx.get(nginx + path, headers={"Referer": f"{nginx}/reset/MQ/a-secret"}, timeout=PATIENCE)
    _wait_until_logged(f'"GET {logged}" ', logs)
    assert "secret" not in logs()
    assert "secret" not in site.log.read_text()


def _wait_until_logged(line: str, logs: Callable[[], str]) -> None:
    """nginx writes it after the client has the answer."""
    deadline = time.monotonic() + PATIENCE
    while line not in logs() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert line in logs()


def test_nor_when_something_is_wrong(site: Site, tmp_path: Path) -> None:
    """nginx's own errors quote the address, whatever the format says."""
    with running(tmp_path, site, proxy_read_timeout="500ms") as url:
        headers = {"Referer": f"{url}/reset/MQ/a-secret"}
        path = f"{url}/reset/MQ/a-secret?a-secret"
        assert httpx.post(path, content=TOO_LARGE, headers=headers).status_code == 413
        with site.frozen():
            assert httpx.get(path, headers=headers, timeout=PATIENCE).status_code == 504
    logs = partial(_logged, tmp_path)
    _wait_until_logged('"GET /reset/..." 504 ', logs)
    log = logs()
    assert f'upstream="127.0.0.1:{site.port} 504"' in log
    assert "secret" not in log
