"""How deploy/ says that a worker is started."""

import re
import shlex

from benchmarks.sites.processes import ROOT

UNIT = ROOT / "deploy" / "chatsite@.service"
APPLICATION = "chatsite.asgi:application"
CHOSEN = {"--loop": "uvloop", "--http": "httptools", "--ws": "websockets-sansio"}


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
