"""Chromium, and what it says about a page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from benchmarks.load.figures import Figures
from benchmarks.pages.site import Person
from benchmarks.sites.processes import CannotMeasure

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
SWITCHES += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
TIMES = {"TaskDuration": "busy", "ScriptDuration": "script", "LayoutDuration": "layout"}
TIMES["RecalcStyleDuration"] = "style"
SIZES = {"JSHeapUsedSize": "heap", "Nodes": "nodes", "JSEventListeners": "listeners"}


@contextmanager
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not program:
        raise CannotMeasure("Chromium is not installed.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield chromium
        chromium.close()


def signed_in(
    chromium: Browser, url: str, person: Person | None, **options: object
) -> BrowserContext:
    """A fresh browser, of nobody yet where `person` is None."""
    context = chromium.new_context(base_url=url, **options)  # type: ignore[arg-type]
    if person:
        cookie = {"name": "jwt", "value": person.token, "url": url, "httpOnly": True}
        context.add_cookies([cookie])  # type: ignore[list-item]
    return context


class Meter:
    """What the page's process counts. Queried over the DevTools protocol, unseen by the page."""

    def __init__(self, page: Page) -> None:
        self.devtools: CDPSession = page.context.new_cdp_session(page)
        self.devtools.send("Performance.enable")
        self._before = self._metrics()

    def times(self) -> Figures:
        """Milliseconds of the main thread since the last call, by what it did."""
        before, self._before = self._before, self._metrics()
        return {TIMES[name]: round((self._before[name] - before[name]) * 1000, 1) for name in TIMES}

    def sizes(self) -> Figures:
        """Without what is only waiting to be collected; the heap in KiB."""
        for _ in range(3):  # one collection frees what the next can take
            self.devtools.send("HeapProfiler.collectGarbage")
        metrics = self._metrics()
        sizes = {SIZES[name]: metrics[name] for name in SIZES}
        return sizes | {"heap": round(sizes["heap"] / 1024, 1)}

    def _metrics(self) -> Figures:
        response = self.devtools.send("Performance.getMetrics")
        return {metric["name"]: metric["value"] for metric in response["metrics"]}
