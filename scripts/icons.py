"""Draws the icons of the installed app from static/icon.svg, with a Chromium."""

import re
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).resolve().parent.parent / "static"
BACKGROUND = "#f3f2f6"
# Name: pixels, the part of the width that is drawn on, background, and one colour for all of it.
ICONS = {
    "icon-192.png": (192, 0.92, "", ""),
    "icon-512.png": (512, 0.92, "", ""),
    "icon-maskable-512.png": (512, 0.56, BACKGROUND, ""),  # systems cut off what is further out
    "icon-apple.png": (180, 0.68, BACKGROUND, ""),
    "icon-badge.png": (96, 0.92, "", "#fff"),  # of which systems take the shape alone
}
PAGE = """<style>body {{ margin: 0; background: {background}; display: grid; place-items: center;
block-size: 100vh }} svg {{ inline-size: {width}px }} {paint}</style>{svg}"""
LIGHT = ".back { fill: #36343f } .gap { fill: none; stroke: %s }"
FLAT = ".back, path { fill: %s } .gap { stroke: none }"


def main() -> None:
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    svg = re.sub(r"<style>.*?</style>", "", (STATIC / "icon.svg").read_text(), flags=re.DOTALL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, (size, part, background, colour) in ICONS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            paint = FLAT % colour if colour else LIGHT % (background or "#fff")
            page.set_content(
                PAGE.format(
                    background=background or "transparent",
                    width=round(size * part),
                    paint=paint,
                    svg=svg,
                )
            )
            page.screenshot(path=str(STATIC / name), omit_background=True)
            print(name, (STATIC / name).stat().st_size)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
