"""Somebody with an account, as a client written for the original sees them."""

import itertools
from dataclasses import dataclass
from typing import Any

import httpx

from tests.services import PATIENCE

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    url: str  # of the site
    key: str
    token: str

    async def call(self, method: str, path: str, body: Any = None, url: str = "") -> Any:
        """As the original front end does: the cookie, and no CSRF token."""
        async with httpx.AsyncClient(cookies={"jwt": self.token}, timeout=PATIENCE) as client:
            answer = await client.request(method, f"{url or self.url}{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def send(self, receiver: "Person", url: str = "", **message: Any) -> Any:
        return await self.call("POST", f"/api/messages/send/{receiver.key}", message, url)

    async def log_out(self) -> None:
        await self.call("POST", "/api/auth/logout")


def sign_up(url: str, name: str) -> Person:
    email = f"{name.split()[0]}.{next(_numbers)}@example.org"
    account = {"fullName": name, "email": email, "password": "correct horse"}
    answer = httpx.post(f"{url}/api/auth/signup", json=account, timeout=PATIENCE)
    assert answer.status_code == 201, answer.text
    return Person(url, answer.json()["_id"], answer.cookies["jwt"])
