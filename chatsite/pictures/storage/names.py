"""What stored names of pictures tell, whichever store gave them."""

WIDTHS = (360, 720, 1080, 1440)  # that may be asked for, where a store makes them


def shown(name: str) -> str:
    """The part of a stored name that people are told; what comes after `_` is for us alone."""
    return name.partition("_")[0]
