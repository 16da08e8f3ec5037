"""How long the export of somebody with very many messages takes, and how much memory.

On SQLite, in a folder that goes with it: `python -m benchmarks.exports`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.environment import ROOT, hermetic

CHATS = 1000  # that they are in


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatsite-export-") as folder:
        os.environ.update(
            hermetic(
                DATABASE_URL=f"sqlite:///{folder}/chatsite.sqlite3",
                MEDIA_ROOT=f"{folder}/media",
                DJANGO_SETTINGS_MODULE="chatsite.settings",
            )
        )
        sys.stdout.write(_measured(_filled(Path(folder), arguments.messages)))


def _filled(folder: Path, messages: int) -> str:
    """By another process, whose memory does not count. Returns whose messages these are."""
    people = folder / "people.json"
    counts = ["--messages", str(messages), "--conversations", str(CHATS)]
    command = [sys.executable, "-m", "benchmarks.seeding", str(people), *counts]
    subprocess.run(command, cwd=ROOT, check=True)
    return str(json.loads(people.read_text())[0]["id"])


def _measured(person: str) -> str:
    import django

    django.setup()
    from accounts.models import User
    from messaging.models import Export
    from messaging.services.exports import begin_export, make_export

    export = begin_export(user=User.objects.get(pk=person))
    before, began, worked = _most_memory(), time.monotonic(), time.process_time()
    make_export(export=export.pk, is_stopping=lambda: False)
    seconds, processor = time.monotonic() - began, time.process_time() - worked
    export = Export.objects.get(pk=export.pk)
    return (
        f"{export.done:,} messages: {seconds:.0f} s, {processor:.0f} s of processor,"
        f" {export.size / 2**20:.0f} MiB of ZIP, memory {before:.0f} MiB before,"
        f" {_most_memory():.0f} MiB at most\n"
    )


def _most_memory() -> float:
    """MiB that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
