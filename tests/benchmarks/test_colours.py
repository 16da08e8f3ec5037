"""The design's colours, as a plot can use them."""

from benchmarks.colours import palette

CSS = """
  --white: oklch(1 0 0);
  --red: oklch(0.627955 0.257683 29.2339);
  --sheet: light-dark(var(--white), oklch(0 0 0));
  --paper: var(--sheet);
  --tint: light-dark(oklch(0.4 0.08 290 / 0.08), oklch(0.9 0.05 290 / 0.07));
  --size: 1rem;
"""


def test_oklch_becomes_srgb() -> None:
    assert palette(is_dark=False, css=CSS)["red"] == "#ff0000"


def test_light_and_dark_differ_where_the_design_says_so() -> None:
    light, dark = palette(is_dark=False, css=CSS), palette(is_dark=True, css=CSS)
    assert (light["paper"], dark["paper"]) == ("#ffffff", "#000000")
    assert light["red"] == dark["red"]


def test_only_plain_colours_are_there() -> None:
    assert palette(is_dark=False, css=CSS).keys() == {"white", "red", "sheet", "paper"}


def test_the_design_has_what_plots_are_drawn_with() -> None:
    needed = {"sheet", "text", "text-quiet", "line-strong", "accent", "accent-text", "ink-400"}
    needed |= {"ink-550", "green-600", "red-300"}
    for is_dark in (False, True):
        assert needed <= palette(is_dark=is_dark).keys()
