"""What a browser says of itself, in words: "Firefox on Linux"."""

import re
from dataclasses import dataclass

import ua_parser
from django.utils.translation import gettext as _

# Words in the parser's names that say where a browser runs rather than which one it is.
VARIANT = re.compile(r"\s*\b(?:Mobile|iOS|WebView|UI/WKWebView)\b\s*")
PLATFORMS = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}
HAND_HELD = {"Android", "iOS", "iPhone", "iPad", "KaiOS", "Windows Phone"}


@dataclass(frozen=True)
class Device:
    name: str
    icon: str  # the id of a symbol on the page


def device_of(user_agent: str) -> Device:
    parsed = ua_parser.parse(user_agent)
    browser = VARIANT.sub(" ", parsed.user_agent.family).strip() if parsed.user_agent else ""
    platform = _platform(parsed)
    return Device(_name(browser, platform), "phone" if platform in HAND_HELD else "laptop")


def _platform(parsed: ua_parser.Result) -> str:
    system = parsed.os.family if parsed.os else ""
    if system == "iOS" and parsed.device:
        return parsed.device.family
    return PLATFORMS.get(system, system)


def _name(browser: str, platform: str) -> str:
    if browser and platform:
        return _("%(browser)s on %(platform)s") % {"browser": browser, "platform": platform}
    return browser or platform or _("Unknown device")
