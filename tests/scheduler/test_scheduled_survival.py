"""Scheduled messages go once, however often the server is killed while it sends them."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.mail_servers import Smtp
from tests.scheduler.test_survival import GRACE, Site, mail_server
from tests.services import PATIENCE

__all__ = ["mail_server"]
COUNT = 80
KILLS = 3


def ask(site: Site, sql: str) -> list[Any]:
    with closing(sqlite3.connect(site.folder / "chatsite.sqlite3", timeout=PATIENCE)) as connection:
        rows = connection.execute(sql).fetchall()
        connection.commit()
    return rows


def sent(site: Site) -> list[str]:
    return [text for (text,) in ask(site, "SELECT text FROM messaging_message ORDER BY text")]


def wait_until(site: Site, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(sent(site)) < count:
        assert time.monotonic() < deadline, (site.folder / "log").read_text()
        time.sleep(0.01)


def test_kills_between_two_of_them_lose_and_double_none(tmp_path: Path, mail_server: Smtp) -> None:
    site = Site(tmp_path, mail_server)
    texts = [f"Message {number:03}" for number in range(COUNT)]
    address = f"http://127.0.0.1:{site.port}"
    limits = {"LIMIT_SENDS": "1000", "LIMIT_WRITES": "1000"}
    with (
        site.server("uvicorn", RUN_JOBS="false", **limits),
        httpx.Client(base_url=address, timeout=PATIENCE) as client,
    ):
        other = {**GRACE, "fullName": "Bo", "email": "bo@example.org"}
        bo = client.post("/api/auth/signup", json=other).raise_for_status().json()["_id"]
        client.cookies.clear()
        client.post("/api/auth/signup", json=GRACE).raise_for_status()
        at = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        for text in texts:
            body = {"text": text, "sendAt": at}
            client.post(f"/api/messages/schedule/{bo}", json=body).raise_for_status()
    assert sent(site) == []
    # Now it is time: all at once.
    moment = f"{datetime.now(UTC) - timedelta(seconds=5):%Y-%m-%d %H:%M:%S}"
    ask(site, f"UPDATE messaging_scheduledmessage SET send_at = '{moment}'")
    ask(site, f"UPDATE scheduler_job SET run_at = '{moment}' WHERE kind = 'send_scheduled'")
    for kill in range(KILLS):
        with site.server("uvicorn"):
            wait_until(site, (kill + 1) * COUNT // (KILLS + 2))
        # What was under way is due again once its lease has ended: at once, for this test.
        ask(site, f"UPDATE scheduler_job SET run_at = '{moment}' WHERE kind = 'send_scheduled'")
    with site.server("uvicorn"):
        wait_until(site, COUNT)
        deadline = time.monotonic() + PATIENCE
        while ask(site, "SELECT 1 FROM scheduler_job WHERE kind = 'send_scheduled'"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert sent(site) == texts
    assert ask(site, "SELECT 1 FROM messaging_scheduledmessage") == []
