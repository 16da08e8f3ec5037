"""Names of files from outside, as they are kept, told and saved to disk by those who get them."""

import unicodedata

from chatsite.text import one_line

LONGEST = 255  # bytes, as in the file systems of those who save it
EXTENSION = 32  # bytes, at most, of an ending that a name too long keeps
NAMELESS = "file"


def clean_name(name: str) -> str:
    """The last part of a path, on one line, without what controls or turns the text around it."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    last = last.encode(errors="ignore").decode()  # without lone surrogates
    kept = _shortened(one_line(last).replace("\ufffd", "_"))
    return kept if kept.strip(". ") else NAMELESS


def _shortened(name: str) -> str:
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = f"{dot}{extension}" if stem and len(extension.encode()) <= EXTENSION else ""
    room = LONGEST - len(ending.encode())
    return name.encode()[:room].decode(errors="ignore").rstrip() + ending
