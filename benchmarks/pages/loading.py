"""What a visit costs on a slow phone and a slow network: Lighthouse's mobile conditions."""

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from benchmarks.load.figures import Figures
from benchmarks.pages.browser import signed_in
from benchmarks.pages.site import Person

LATENCY = 150  # milliseconds there and back
DOWN, UP = 1600 * 1024 / 8, 750 * 1024 / 8  # bytes a second
SLOWER = 4  # times, the processor
PHONE: dict[str, Any] = {
    "viewport": {"width": 412, "height": 823},
    "device_scale_factor": 1.75,
    "is_mobile": True,
    "has_touch": True,
    "service_workers": "block",  # what it fetches is not seen from the page
}
QUIET = 2000  # milliseconds without a long task or a request, after which a page is done
BLOCKING = 50  # milliseconds of a task beyond which it blocks
OBSERVE = """
window.seen = { paint: 0, largest: 0, shift: 0, tasks: [], last: 0 };
const watch = (type, note) => new PerformanceObserver((list) => {
  seen.last = performance.now();
  list.getEntries().forEach(note);
}).observe({ type, buffered: true });
watch("paint", ({ name, startTime }) => {
  if (name === "first-contentful-paint") seen.paint = startTime;
});
watch("largest-contentful-paint", ({ startTime }) => { seen.largest = startTime; });
watch("layout-shift", ({ value, hadRecentInput }) => { if (!hadRecentInput) seen.shift += value; });
watch("longtask", ({ startTime, duration }) => { seen.tasks.push([startTime, duration]); });
watch("resource", () => {});
"""
IS_QUIET = f"() => document.readyState === 'complete' && performance.now() - seen.last > {QUIET}"


class Traffic:
    """What goes over the wire, as the DevTools protocol counts it."""

    def __init__(self, page: Page) -> None:
        self.requests = 0
        self.bytes = 0
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.send("Network.enable")
        self.devtools.on("Network.loadingFinished", self._finished)
        self.devtools.on("Network.responseReceived", self._answered)
        self._cached: set[str] = set()

    def _answered(self, event: dict[str, Any]) -> None:
        response = event["response"]
        if response.get("fromDiskCache"):
            self._cached.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._cached and event["encodedDataLength"]:
            self.requests += 1
            self.bytes += event["encodedDataLength"]


def visits(chromium: Browser, url: str, path: str, person: Person | None) -> dict[str, Figures]:
    """The first one, with nothing kept, and the one after it. Times in milliseconds."""
    context = signed_in(chromium, url, person, **PHONE)
    context.add_init_script(OBSERVE)
    try:
        return {"cold": _visit(context, path), "warm": _visit(context, path)}
    finally:
        context.close()


def _visit(context: BrowserContext, path: str) -> Figures:
    page = context.new_page()
    traffic = Traffic(page)
    _slow_down(traffic.devtools.send)
    page.goto(path)
    page.wait_for_function(IS_QUIET, polling=250, timeout=60_000)
    seen = json.loads(page.evaluate("JSON.stringify(seen)"))
    page.close()
    return {
        "first_paint": round(seen["paint"]),
        "largest_paint": round(seen["largest"]),
        "blocking": round(_blocking(seen)),
        "shift": round(seen["shift"], 4),
        "requests": traffic.requests,
        "bytes": traffic.bytes,
    }


def _slow_down(send: Callable[[str, dict[str, Any]], Any]) -> None:
    rates = {"latency": LATENCY, "downloadThroughput": DOWN, "uploadThroughput": UP}
    send("Network.emulateNetworkConditions", {"offline": False, **rates})
    send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def _blocking(seen: dict[str, Any]) -> float:
    """Of tasks after the first paint, what exceeds 50 ms of each."""
    after: list[float] = [
        duration for start, duration in seen["tasks"] if start + duration > seen["paint"]
    ]
    return sum(max(0.0, duration - BLOCKING) for duration in after)
