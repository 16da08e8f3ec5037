"""The account at Cloudinary, where pictures are kept when there is one."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

OPTIONS = {
    "upload_prefix": "https://api.cloudinary.com",
    "secure_distribution": "",
    "signature_algorithm": "sha1",
    "timeout": "20",
}
ALGORITHMS = ("sha1", "sha256")


@dataclass(frozen=True, slots=True)
class CloudAccount:
    cloud_name: str
    api_key: str
    api_secret: str = field(repr=False)
    api: str  # https://api.cloudinary.com
    delivery: str  # the origin that pictures come from
    private_cdn: bool  # whether that origin is this account's alone
    signature_algorithm: str
    timeout: float  # seconds that an answer may take


def read_account(address: str) -> CloudAccount | None:
    """CLOUDINARY_URL as Cloudinary's own libraries take it, with OPTIONS after a `?`.

    `secure_distribution` is the host of the account's own delivery network; written with http://
    it is reached without TLS, like a stand-in. Raises ImproperlyConfigured.
    """
    if not address:
        return None
    parts = urlsplit(address)
    options = _options(parts)
    host = options["secure_distribution"] or parts.path.strip("/")
    who, _at, cloud_name = parts.netloc.rpartition("@")
    key, _colon, secret = who.partition(":")
    if not (key and secret and cloud_name):
        raise ImproperlyConfigured(
            "CLOUDINARY_URL must look like cloudinary://key:secret@cloud-name."
        )
    return CloudAccount(
        cloud_name=unquote(cloud_name),
        api_key=unquote(key),
        api_secret=unquote(secret),
        api=options["upload_prefix"].rstrip("/"),
        delivery=_origin(host or "res.cloudinary.com"),
        private_cdn=bool(host),
        signature_algorithm=options["signature_algorithm"],
        timeout=_seconds(options["timeout"]),
    )


def _options(parts: SplitResult) -> dict[str, str]:
    given = dict(parse_qsl(parts.query))
    if unknown := ", ".join(sorted(given.keys() - OPTIONS.keys())):
        raise ImproperlyConfigured(
            f"CLOUDINARY_URL may have the options {', '.join(OPTIONS)}, not {unknown}."
        )
    options = OPTIONS | given
    if options["signature_algorithm"] not in ALGORITHMS:
        raise ImproperlyConfigured(
            f"signature_algorithm in CLOUDINARY_URL must be one of {', '.join(ALGORITHMS)}."
        )
    if not options["upload_prefix"].startswith(("https://", "http://")):
        raise ImproperlyConfigured(
            "upload_prefix in CLOUDINARY_URL must start with https:// or http://."
        )
    return options


def _origin(host: str) -> str:
    return host if host.startswith("http://") else f"https://{host.removeprefix('https://')}"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 600:
        raise ImproperlyConfigured(
            "timeout in CLOUDINARY_URL must be a number of seconds up to 600."
        )
    return seconds
