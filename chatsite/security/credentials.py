"""The tokens that a request brings, by a bearer header or by cookies: the one reading of them."""

COOKIE = "jwt"  # which clients of the original know
# Which neither another host of the domain nor a plain http page can set.
HOST_PREFIXED_COOKIE = "__Host-jwt"
MAX_TOKENS = 5  # tokens that are looked at


def tokens_of(authorization: str, cookies: str) -> list[str]:
    """By the two headers. A bearer header goes before the cookies."""
    bearer = bearer_of(authorization)
    return [bearer] if bearer else tokens_in(cookies)


def bearer_of(authorization: str) -> str:
    scheme, _space, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def tokens_in(cookies: str) -> list[str]:
    """The surest first: a parent domain may have set one by the same name, which a browser sends
    along.
    """
    pairs = [pair.partition("=") for pair in cookies.split(";")]
    tokens = [
        token
        for wanted in (HOST_PREFIXED_COOKIE, COOKIE)
        for name, _equals, value in pairs
        if name.strip() == wanted and (token := value.strip(' \t"'))  # which quotes may surround
    ]
    return list(dict.fromkeys(tokens))[:MAX_TOKENS]
