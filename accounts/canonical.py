"""E-mail addresses and passwords can be written in more than one way; these are the forms kept."""

import re
import unicodedata

import idna

from chatsite.text import has_invisible, is_storable

EMAIL_LENGTH = 254
# Without what a mail header gives a meaning: `x<a@b.org>` and `x,a@b.org` are mail to other people.
_SPECIAL = r'@\s<>()\[\]\\,;:"'
_EMAIL = re.compile(rf"[^{_SPECIAL}]+@(?:[a-z0-9_-]+\.)+[a-z0-9_-]+")
_ACE = "xn--"
_RAW_LENGTH = 4 * EMAIL_LENGTH  # nothing longer becomes an address


def canonical_email(email: str) -> str:
    """One address, one account: whatever its case, width and normal form, and whether its domain is
    written in its own script or, as browsers send it, in ASCII. The domain is kept in ASCII: mail
    servers disagree about anything else. What cannot be an address is only trimmed.
    """
    text = email.strip()
    if len(text) > _RAW_LENGTH or not is_storable(text) or has_invisible(text):
        return text.lower()
    local, at, domain = _folded(text).rpartition("@")
    return local + at + _ascii_domain(domain) if at else domain


def is_email(email: str) -> bool:
    address = canonical_email(email)
    return (
        len(address) <= EMAIL_LENGTH
        and is_storable(address)
        and not has_invisible(address)
        and bool(_EMAIL.fullmatch(address))
    )


def readable_email(email: str) -> str:
    """A canonical address with its domain in its own script, to be shown."""
    local, at, domain = email.rpartition("@")
    return local + at + ".".join(_readable(label) for label in domain.split("."))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())


def _ascii_domain(domain: str) -> str:
    """By UTS 46, as browsers have it, who know more domains than IDNA 2008 allows (with emoji)."""
    try:
        mapped = idna.uts46_remap(readable_email(domain), std3_rules=False)
    except idna.IDNAError:
        return domain
    return ".".join(
        label if label.isascii() else _ACE + label.encode("punycode").decode()
        for label in mapped.split(".")
    )


def _readable(label: str) -> str:
    if not label.startswith(_ACE):
        return label
    try:
        text = label.removeprefix(_ACE).encode("ascii").decode("punycode")
        is_encoded = not text.isascii() and _ACE + text.encode("punycode").decode() == label
    except UnicodeError:
        return label
    return text if is_encoded else label


def canonical_password(password: str) -> str:
    """The same whatever keyboard it was typed on: mapped as PRECIS's OpaqueString is (RFC 8265,
    section 4.2.2). What that profile refuses, joined emoji among it, is taken: people type it.
    """
    spaced = (" " if unicodedata.category(c) == "Zs" else c for c in password)
    return unicodedata.normalize("NFC", "".join(spaced))


def password_forms(password: str) -> list[str]:
    """The canonical form, then the one it was typed in, which older hashes may be of."""
    return list(dict.fromkeys((canonical_password(password), password)))
