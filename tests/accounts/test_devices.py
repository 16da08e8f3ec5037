"""Browsers in words."""

import pytest

from accounts.devices import device_of

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)"
IPAD = "Mozilla/5.0 (iPad; CPU OS 16_5 like Mac OS X)"
PIXEL = "Mozilla/5.0 (Linux; Android 14; Pixel 8)"


@pytest.mark.parametrize(
    ("user_agent", "name", "icon"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox on Linux",
            "laptop",
        ),
        (f"{WINDOWS} {BLINK} Chrome/126.0.0.0 Safari/537.36", "Chrome on Windows", "laptop"),
        (
            f"{WINDOWS} {BLINK} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "Edge on Windows",
            "laptop",
        ),
        (f"{MAC} {WEBKIT} Version/17.5 Safari/605.1.15", "Safari on macOS", "laptop"),
        (f"{IPHONE} {WEBKIT} Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iPhone", "phone"),
        (
            f"{IPHONE} {WEBKIT} FxiOS/126.0 Mobile/15E148 Safari/605.1.15",
            "Firefox on iPhone",
            "phone",
        ),
        (f"{IPHONE} {WEBKIT} Mobile/15E148", "Safari on iPhone", "phone"),
        (f"{IPAD} {WEBKIT} CriOS/114 Mobile/15E148 Safari/604.1", "Chrome on iPad", "phone"),
        (f"{PIXEL} {BLINK} Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome on Android", "phone"),
        ("curl/8.5.0", "curl", "laptop"),
        ("", "Unknown device", "laptop"),
        ("<script>alert(1)</script>", "Unknown device", "laptop"),
        ("\x00\x7f" * 200, "Unknown device", "laptop"),
    ],
)
def test_a_device_is_named_as_people_call_it(user_agent: str, name: str, icon: str) -> None:
    device = device_of(user_agent)

    assert (device.name, device.icon) == (name, icon)
