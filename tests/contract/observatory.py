"""What Mozilla's HTTP Observatory makes of an answer, by the rules and points that it publishes:

https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring, and as it applies them:
https://github.com/mdn/mdn-http-observatory, src/analyzer/tests and src/grader/charts.js. Left out
are certificates, the preload lists of browsers, and CORS (tests/contract/test_origins.py).
"""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from http.cookies import Morsel, SimpleCookie
from urllib.parse import urlsplit

import httpx

GRADES = {100: "A+", 90: "A", 85: "A-", 80: "B+", 70: "B", 65: "B-", 60: "C+", 50: "C"}
GRADES |= {45: "C-", 40: "D+", 30: "D", 25: "D-", 0: "F"}
BONUSES_FROM = 90
SIX_MONTHS = 15_768_000
BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}


def points(response: httpx.Response, by_http: httpx.Response) -> dict[str, int]:
    """Those of each rule; `by_http` is the answer to the same request by plain http."""
    return {name: rule(response) for name, rule in RULES.items()} | {
        "redirection": _redirection(by_http)
    }


def grade(points: dict[str, int]) -> tuple[int, str]:
    """The score and its letter. Bonuses count for those only who do well without."""
    score = 100 + sum(each for each in points.values() if each < 0)
    if score >= BONUSES_FROM:
        score += sum(each for each in points.values() if each > 0)
    return score, next(letter for least, letter in GRADES.items() if max(score, 0) >= least)


def _csp(response: httpx.Response) -> int:
    if not (policy := _policy(response)):
        return -25
    everything = policy.get("default-src", {"*"})
    scripts, styles = policy.get("script-src", everything), policy.get("style-src", everything)
    passive = policy.get("img-src", everything) | policy.get("media-src", everything)
    active = {
        source
        for name, sources in policy.items()
        if name not in ("img-src", "media-src")
        for source in sources
    }
    if scripts & (BROAD | INLINE) or policy.get("object-src", everything) & BROAD:
        return -20
    if any(source.startswith(("http:", "ftp:")) for source in active):
        return -20
    if "'unsafe-eval'" in scripts | styles:
        return -10
    if any(source.startswith(("http:", "ftp:")) for source in passive):
        return -10
    if styles & (BROAD | INLINE):
        return 0
    return 10 if policy.get("default-src") == {"'none'"} else 5


def _policy(response: httpx.Response) -> dict[str, set[str]]:
    parts = response.headers.get("Content-Security-Policy", "").split(";")
    return {name: set(sources) for name, *sources in map(str.split, filter(str.strip, parts))}


def _cookies(response: httpx.Response) -> int:
    cookies = [
        each
        for header in response.headers.get_list("Set-Cookie")
        for each in SimpleCookie(header).items()
    ]
    return min((_cookie(*each, _hsts(response) == 0) for each in cookies), default=0)


def _cookie(name: str, cookie: Morsel[str], is_led_to_https: bool) -> int:
    is_session = any(part in name for part in ("login", "sess", "jwt"))  # ours is the last one
    if is_session and not (cookie["secure"] or is_led_to_https):
        return -40
    if is_session and not cookie["httponly"]:
        return -30
    if not (cookie["secure"] or is_led_to_https):
        return -20
    same_site = cookie["samesite"].lower()
    if same_site == "none" or ("csrf" in name and not same_site):
        return -20
    if not cookie["secure"]:
        return -10 if is_session else -5
    return 5 if same_site else 0


def _hsts(response: httpx.Response) -> int:
    header = response.headers.get("Strict-Transport-Security", "")
    if not (age := re.search(r"max-age=(\d+)", header)):
        return -20
    return 0 if int(age[1]) >= SIX_MONTHS else -10


def _redirection(by_http: httpx.Response) -> int:
    if not by_http.is_redirect:
        return -20
    to = urlsplit(by_http.headers["Location"])
    if to.scheme != "https":
        return -20
    return 0 if to.netloc == by_http.request.headers["Host"] else -5


def _referrer(response: httpx.Response) -> int:
    policies = response.headers.get("Referrer-Policy", "").replace(" ", "").split(",")
    if policies == [""]:
        return 0
    return 5 if policies[-1] in PRIVATE else -5


def _integrity(response: httpx.Response) -> int:
    """Scripts of this site need none. Which gives no points, unless there is some all the same."""
    if "text/html" not in response.headers.get("Content-Type", ""):
        return 0
    found = _Scripts()
    found.feed(response.text)
    host = response.request.headers["Host"]
    foreign = [each for each in found.scripts if urlsplit(each["src"]).netloc not in ("", host)]
    if any(urlsplit(each["src"]).scheme != "https" for each in foreign):
        return -20 if all(each.get("integrity") for each in foreign) else -50
    if not all(each.get("integrity") for each in foreign):
        return -5
    return 5 if any(each.get("integrity") for each in found.scripts) else 0


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and "src" in dict(attrs):
            self.scripts.append({name: value or "" for name, value in attrs})


def _nosniff(response: httpx.Response) -> int:
    return 0 if response.headers.get("X-Content-Type-Options") == "nosniff" else -5


def _frames(response: httpx.Response) -> int:
    ancestors = _policy(response).get("frame-ancestors", {"*"})
    if not ancestors & BROAD:
        return 5
    return 0 if response.headers.get("X-Frame-Options") in ("DENY", "SAMEORIGIN") else -20


def _resources(response: httpx.Response) -> int:
    header = response.headers.get("Cross-Origin-Resource-Policy", "cross-origin")
    return {"same-origin": 10, "same-site": 10, "cross-origin": 0}.get(header, -5)


RULES: dict[str, Callable[[httpx.Response], int]] = {
    "csp": _csp,
    "cookies": _cookies,
    "hsts": _hsts,
    "referrer policy": _referrer,
    "integrity": _integrity,
    "nosniff": _nosniff,
    "frames": _frames,
    "resources": _resources,
}
