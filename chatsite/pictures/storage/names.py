"""What stored names of pictures contain, whichever store gave them."""

WIDTHS = (360, 720, 1080, 1440)  # that may be requested, where a store makes them


def shown(name: str) -> str:
    """The part of a stored name that people see; what comes after `_` is internal."""
    return name.partition("_")[0]
