"""How smoothly one scrolls up through a long conversation, until its first message."""

from playwright.sync_api import Page

from benchmarks.load.figures import Figures, percentile
from benchmarks.pages.browser import Meter

NOTCH = 400  # pixels of one turn of the wheel
FEEDS = 20  # turns between two looks at how far one has got
SLOW = 50.0  # milliseconds: a frame that is seen to be late
LIMIT = 6000  # turns
RECORD = """() => {
  window.frames = [];
  let before = performance.now();
  const tick = (now) => {
    window.frames.push(now - before);
    before = now;
    window.ticking = requestAnimationFrame(tick);
  };
  window.ticking = requestAnimationFrame(tick);
}"""
COUNT = """() => ({
  messages: document.querySelectorAll("message-list .message").length,
  elements: document.getElementsByTagName("*").length,
  first: Number(document.querySelector("message-list .message").dataset.seq),
})"""
AT_TOP = """() => {
  const log = document.querySelector("message-list");
  return log.scrollTop + log.scrollHeight - log.clientHeight < 2 && !log.querySelector(".older");
}"""


def scroll(page: Page, path: str) -> Figures:
    """Frame times in milliseconds, and how much is in the page at the end."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.locator("message-list").hover()
    meter = Meter(page)
    page.evaluate(RECORD)
    turns = _to_the_top(page)
    frames = sorted(
        page.evaluate("() => { cancelAnimationFrame(window.ticking); return window.frames; }")
    )
    return {
        "frame_p50": round(percentile(frames, 50), 1),
        "frame_p95": round(percentile(frames, 95), 1),
        "frame_p99": round(percentile(frames, 99), 1),
        "frame_worst": round(frames[-1], 1),
        "late": sum(frame > SLOW for frame in frames),
        "frames": len(frames),
        "turns": turns,
        **page.evaluate(COUNT),
        **meter.times(),
        **meter.sizes(),
    }


def _to_the_top(page: Page) -> int:
    for turn in range(1, LIMIT):
        page.mouse.wheel(0, -NOTCH)
        if turn % FEEDS == 0 and page.evaluate(AT_TOP):
            return turn
    raise TimeoutError(f"The first message is not reached: {page.evaluate(COUNT)}")
