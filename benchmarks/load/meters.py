"""What a measurement cost, and what went wrong in it."""

import sys
from dataclasses import dataclass


@dataclass
class Meter:
    seconds: float = 0
    server: float = 0  # processor seconds
    generator: float = 0

    def microseconds(self, operations: int) -> float:
        """Of the server's processor, for one of them."""
        return round(self.server / max(1, operations) * 1e6, 1)

    def cores(self) -> dict[str, float]:
        return {
            "server_cores": round(self.server / self.seconds, 2),
            "generator_cores": round(self.generator / self.seconds, 2),
        }


_warned: set[str] = set()


def warn_once(what: str, why: str) -> None:
    """Once for each kind: a thousand lines would add nothing."""
    if what not in _warned:
        _warned.add(what)
        sys.stderr.write(f"{what}: {why[-600:]}\n")
