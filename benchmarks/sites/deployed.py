"""How a worker is started: as deploy/ says, in production settings."""

import re
import shlex
from pathlib import Path

from benchmarks.sites.processes import HOST, ROOT, plain_environment

UNIT = ROOT / "deploy" / "chatsite@.service"
APPLICATION = "chatsite.asgi:application"
LIMIT = re.compile(r"^# (LIMIT_[A-Z_]+)=", re.MULTILINE)
CHOSEN = {"--http": "httptools"}


def deployed() -> list[str]:
    """What is given to uvicorn, but for the place where it listens."""
    text = UNIT.read_text()
    _, _, options = text.partition(f"{APPLICATION} ")
    kept = re.sub(r"--(host|port) \S+ ?", "", options.splitlines()[0])
    given = [APPLICATION, *shlex.split(kept)]
    for option, value in CHOSEN.items():
        if option not in given:
            given += [option, value]
    return given


def production(port: int, database: str, scratch: Path, **more: str) -> dict[str, str]:
    """The environment. Limits count as always, but nobody reaches them."""
    limits = dict.fromkeys(LIMIT.findall((ROOT / ".env.example").read_text()), "100000000")
    return {
        **plain_environment(),
        **limits,
        "ENV_FILE": "/dev/null",
        "APP_ENV": "production",
        "PUBLIC_URL": f"http://{HOST}:{port}",
        "JWT_SECRET": "a secret of the benchmarks, which is long enough",
        "DATABASE_URL": database,
        "MEDIA_ROOT": str(scratch / "media"),
        "SOCKET_FRAMES_PER_SECOND": "1000000",
        **more,
    }
