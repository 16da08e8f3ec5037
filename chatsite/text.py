"""What text from outside must be before anything is done with it."""

import unicodedata

FOLDED_LENGTH = 200


def is_storable(text: str) -> bool:
    """No NUL (PostgreSQL refuses it) and no lone surrogate (it cannot be encoded)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def is_blank(text: str) -> bool:
    """White space and characters nobody sees, alone."""
    return not text[:1].isalnum() and all(
        character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")
        for character in text
    )


def folded(text: str) -> str:
    """For comparing and sorting as people do: without case, accents or width, and not too long."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))[:FOLDED_LENGTH]


def one_line(text: str) -> str:
    """A name as it is shown: trimmed, without control characters, white space made single."""
    shown = ("" if unicodedata.category(c) == "Cc" and not c.isspace() else c for c in text)
    return " ".join("".join(shown).split())
