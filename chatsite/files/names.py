"""Names of files from outside, as they are stored, shown, and saved by those who get them."""

import mimetypes
import unicodedata

import filetype

from chatsite.text import is_blank, one_line

MAX_LENGTH = 255  # bytes, as in the file systems of those who save it
EXTENSION = 32  # bytes, at most, of an ending that a name too long keeps
NAMELESS = "file"
# Sound is in files of video, too.
_FAMILIES = {"image": ("image",), "video": ("video", "audio"), "audio": ("audio", "video")}


def clean_name(name: str) -> str:
    """The last part of a path, on one line, without what controls or turns the text around it."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    last = last.encode(errors="ignore").decode()  # without lone surrogates
    kept = _shortened(one_line(last).replace("\ufffd", "_"))
    return NAMELESS if is_blank(kept.replace(".", " ")) else kept


def shown_name(name: str, content_type: str) -> str:
    """Of what a browser shows: with an ending of its kind, when it has that of another one."""
    family = _FAMILIES[content_type.partition("/")[0]]
    ending = name.rpartition(".")[2].lower()
    named, known = mimetypes.guess_type(name)[0], filetype.get_type(ext=ending)
    types = filter(None, (named, known and known.mime))
    if any(each.partition("/")[0] in family for each in types):
        return name
    right = filetype.get_type(mime=content_type)
    return f"{name}.{right.extension if right else content_type.rpartition('/')[2]}"


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_LENGTH:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = f"{dot}{extension}" if stem and len(extension.encode()) <= EXTENSION else ""
    room = MAX_LENGTH - len(ending.encode())
    return name.encode()[:room].decode(errors="ignore").rstrip() + ending
