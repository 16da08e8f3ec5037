"""The figures, and who may read them."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings
from rest_framework.test import APIClient
from websockets.sync.client import connect

from accounts.models import User
from accounts.tokens import issue_token
from chatsite.asgi import application
from chatsite.conf.operations import Operations
from chatsite.monitoring import metrics
from tests.concurrency import at_once
from tests.environment import settings_under
from tests.factories import make_pair, make_session
from tests.messaging.realtime.sockets import PersonalSocket
from tests.production import PATIENCE, Server, production

TOKEN = "a token for the metrics"


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"chatsite_{name}", labels) or 0


def figures(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """By name and the values of the labels, in order of the labels' names."""
    families = text_string_to_metric_families(text)
    samples = (sample for family in families for sample in family.samples)
    return {
        (sample.name, tuple(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for sample in samples
    }


@pytest.mark.django_db
class TestWhoMayRead:
    NEAR = ("127.0.0.1", "10.0.0.0/8")

    def _allow(self, settings: Settings, token: str, near: Sequence[str]) -> None:
        operations = Operations("INFO", "line", token, list(near), "", "")
        settings.ENV = type("Env", (), {"operations": operations})

    @pytest.fixture
    def by_token(self, settings: Settings) -> None:
        self._allow(settings, TOKEN, self.NEAR)

    @pytest.fixture
    def by_address(self, settings: Settings) -> None:
        self._allow(settings, "", self.NEAR)

    @pytest.mark.usefixtures("by_address")
    @pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3"])
    def test_allowed_addresses(self, client: Client, address: str) -> None:
        response = client.get("/metrics", REMOTE_ADDR=address, HTTP_HOST="10.0.0.7:8000")
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=")
        assert b"chatsite_sockets_open" in response.content

    @pytest.mark.usefixtures("by_address")
    @pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "", "unix:"])
    def test_to_other_addresses_there_is_no_such_page(self, client: Client, address: str) -> None:
        response = client.get("/metrics", REMOTE_ADDR=address)
        assert response.status_code == 404
        assert b"chatsite_" not in response.content

    @pytest.mark.usefixtures("by_address")
    @pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto"])
    def test_address_of_a_proxy_is_nobodys(self, client: Client, header: str) -> None:
        assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404

    @pytest.mark.usefixtures("by_token")
    @pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.0.2.1"])
    def test_with_a_token_no_address_suffices(self, client: Client, address: str) -> None:
        """A proxy on the same machine asks for everybody, and need not say so."""
        assert client.get("/metrics", REMOTE_ADDR=address).status_code == 404

    @pytest.mark.parametrize(("mode", "status"), [("production", 404), ("development", 200)])
    def test_unless_somebody_is_named(
        self, client: Client, settings: Settings, mode: str, status: int
    ) -> None:
        site = settings_under(
            APP_ENV=mode,
            PUBLIC_URL="http://chat.example.org",
            JWT_SECRET="a secret of the tests, which is long enough",
        )
        settings.ENV = site["ENV"]
        assert client.get("/metrics").status_code == status

    @pytest.mark.usefixtures("by_token")
    @pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
    def test_token_opens_from_everywhere(self, client: Client, scheme: str) -> None:
        headers = {"Authorization": f"{scheme} {TOKEN}", "X-Forwarded-For": "192.0.2.1"}
        assert client.get("/metrics", headers=headers).status_code == 200

    @pytest.mark.usefixtures("by_token")
    @pytest.mark.parametrize(
        "given", ["", "Bearer", "Bearer x", f"Basic {TOKEN}", TOKEN, "Bearer é"]
    )
    def test_other_tokens_open_nothing(self, client: Client, given: str) -> None:
        headers = {"Authorization": given}
        assert client.get("/metrics", headers=headers, REMOTE_ADDR="192.0.2.1").status_code == 404

    @pytest.mark.parametrize("given", ["Bearer", "Bearer "])
    def test_without_a_token_none_opens(
        self, client: Client, settings: Settings, given: str
    ) -> None:
        self._allow(settings, "", [])
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404

    @pytest.mark.usefixtures("by_address")
    def test_it_is_only_read(self, client: Client) -> None:
        assert client.post("/metrics").status_code == 404


@pytest.mark.django_db(transaction=True)
class TestRequests:
    async def _get(self, path: str, method: str = "GET") -> int:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return (await client.request(method, path)).status_code

    async def test_are_counted_by_pattern(self) -> None:
        labels = {"method": "GET", "route": "media/profiles/<str:name>", "status": "404"}
        before = figure("http_requests_total", **labels)
        assert await self._get("/media/profiles/nobody.webp") == 404
        assert await self._get("/media/profiles/somebody.webp") == 404
        assert figure("http_requests_total", **labels) == before + 2
        del labels["status"]
        assert figure("http_request_seconds_count", **labels) >= 2

    @pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere", "/%00"])
    async def test_unknown_paths_are_one(self, path: str) -> None:
        labels = {"method": "GET", "route": "unmatched", "status": "404"}
        before = figure("http_requests_total", **labels)
        assert await self._get(path) == 404
        assert figure("http_requests_total", **labels) == before + 1

    async def test_unknown_methods_are_one(self) -> None:
        labels = {"method": "other", "route": "healthz", "status": "405"}
        before = figure("http_requests_total", **labels)
        await self._get("/healthz", method="BREW")
        assert figure("http_requests_total", **labels) == before + 1


@pytest.mark.django_db(transaction=True)
class TestLive:
    async def test_a_message_and_its_delivery(
        self, api_for: Callable[[User], APIClient], layer: str
    ) -> None:
        ada, bo = await sync_to_async(make_pair)()
        """Counted once, however many sockets there are."""
        sockets = [await self._open(bo) for _socket in range(2)]
        sent, delivered = figure("messages_sent_total"), figure("delivery_seconds_count")
        fields = {"text": "Hello", "clientMessageId": "the-same"}
        post = (await sync_to_async(api_for)(ada)).post
        for status in (201, 200):  # again: the first message
            response = await sync_to_async(post)(f"/api/messages/send/{bo.pk}", fields)
            assert response.status_code == status
        for socket in sockets:
            await socket.data("newMessage")
            await socket.close()
        assert figure("messages_sent_total") == sent + 1
        assert figure("delivery_seconds_count") == delivered + 1

    async def test_sockets(self) -> None:
        _ada, bo = await sync_to_async(make_pair)()
        before, closed = figure("sockets_open"), figure("sockets_closed_total", code="1000")
        socket = await self._open(bo)
        assert figure("sockets_open") == before + 1
        await socket.close()
        assert figure("sockets_open") == before
        assert figure("sockets_closed_total", code="1000") == closed + 1

    async def test_a_refused_socket_was_never_open(self) -> None:
        _ada, bo = await sync_to_async(make_pair)()
        before, refused = figure("sockets_open"), figure("sockets_closed_total", code="refused")
        socket = PersonalSocket(bo, "nonsense")
        assert not await socket.open()
        await socket.close()
        assert figure("sockets_open") == before
        assert figure("sockets_closed_total", code="refused") == refused + 1

    async def _open(self, user: User) -> PersonalSocket:
        token = issue_token(await sync_to_async(make_session)(user))
        socket = PersonalSocket(user, token)
        assert await socket.open()
        await socket.is_counted()
        return socket


def test_a_code_that_a_client_makes_up_is_one_of_others() -> None:
    before = figure("sockets_closed_total", code="other")
    metrics.count_closed_socket("3456")
    assert figure("sockets_closed_total", code="other") == before + 1


def test_a_clock_that_is_behind_makes_no_negative_time() -> None:
    before = figure("delivery_seconds_sum")
    metrics.observe_delivery(time.time() + 3600)
    assert figure("delivery_seconds_sum") == before


def test_the_dead_are_forgotten_by_many_who_ask_at_once(tmp_path: Path) -> None:
    for _ in range(20):
        for process in range(50):
            (tmp_path / f"gauge_livesum_{2**30 + process}.db").touch()
        at_once([lambda: metrics._forget_the_dead(tmp_path)] * 8)
        assert list(tmp_path.iterdir()) == []


class TestWorkers:
    """Two processes that share a folder; either tells the figures of both."""

    def test_add_up_and_the_dead_have_no_sockets(self, tmp_path: Path, redis_url: str) -> None:
        shared = {
            "METRICS_ALLOW": "127.0.0.1",
            "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
            "REDIS_URL": redis_url,
        }
        with production(tmp_path, **shared) as first:
            second = Server(tmp_path, **shared)
            with second.running():
                token = first.sign_up("Ada", "ada@example.org", "correct horse").cookies["jwt"]
                with self._socket(first, token), self._socket(second, token):
                    both = self._figures(second)
            stale = tmp_path / "metrics" / "gauge_livesum_999999999.db"
            stale.write_bytes(next(stale.parent.glob("gauge_livesum_*.db")).read_bytes())
            one = self._figures_without_sockets(first)
        assert both["chatsite_sockets_open", ()] == 2
        assert both["chatsite_http_requests_total", ("POST", "api/auth/signup", "201")] == 1
        assert one["chatsite_sockets_open", ()] == 0
        assert not stale.exists()

    def _socket(self, server: Server, token: str) -> Any:
        address = server.url.replace("http", "ws") + "/ws/chat/"
        return connect(address, additional_headers={"Cookie": f"jwt={token}"})

    def _figures_without_sockets(self, server: Server) -> dict[tuple[str, tuple[str, ...]], float]:
        """A client is through with closing before the site is."""
        end = time.monotonic() + PATIENCE
        while (told := self._figures(server))["chatsite_sockets_open", ()]:
            assert time.monotonic() < end, told
        return told

    def _figures(self, server: Server) -> dict[tuple[str, tuple[str, ...]], float]:
        return figures(httpx.get(f"{server.url}/metrics", timeout=PATIENCE).text)
