"""How a worker is started: as everywhere, in production settings."""

import re
from pathlib import Path

from benchmarks.sites.processes import HOST, ROOT, plain_environment

LIMIT = re.compile(r"^# (LIMIT_[A-Z_]+)=", re.MULTILINE)
SERVE = ["-m", "chatsite.serve"]  # PORT says where


def production(port: int, database: str, scratch: Path, **more: str) -> dict[str, str]:
    """The environment. Limits count as always, but nobody reaches them."""
    limits = dict.fromkeys(LIMIT.findall((ROOT / ".env.example").read_text()), "100000000")
    return {
        **plain_environment(),
        **limits,
        "ENV_FILE": "/dev/null",
        "APP_ENV": "production",
        "HOST": HOST,
        "PORT": str(port),
        "PUBLIC_URL": f"http://{HOST}:{port}",
        "JWT_SECRET": "a secret of the benchmarks, which is long enough",
        "DATABASE_URL": database,
        "MEDIA_ROOT": str(scratch / "media"),
        "SOCKET_FRAMES_PER_SECOND": "1000000",
        **more,
    }
