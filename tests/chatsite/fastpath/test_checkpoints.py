"""SQLite's log is moved into the database while the site runs, by nobody who writes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT, hermetic

PREPARE = """
import asyncio, os, sqlite3, threading
import django; django.setup()
from pathlib import Path
from django.core.management import call_command
from chatsite.fastpath import checkpoints
from chatsite.fastpath.database_calls import DatabaseCall, write_each
from chatsite.fastpath.group_commit import run_together
from messaging.models import Conversation
from tests.bulk_calls import Call

database = Path(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
log = Path(f"{database}-wal")
loop = asyncio.new_event_loop()
call_command("migrate", verbosity=0)
checkpoints.PAUSE = 0

def write(key):
    work = Call(lambda: Conversation.objects.create(key=key))
    call = DatabaseCall(work, key, loop.create_future())
    run_together([call])
    assert call.error is None, call.error
    assert checkpoints._queue.wait(60)

def is_moved(key):
    return key.encode() in database.read_bytes()
"""
IS_MOVED = """
write("first")
assert is_moved("first")
"""
IS_MOVED_WITHOUT_GROUP_COMMIT = f"""
run_together = write_each
{IS_MOVED}
"""
STARTS_ANEW = """
checkpoints.LONG = 0
write("first")
size = log.stat().st_size
for number in range(100):
    write(f"key {number}")
assert log.stat().st_size == size, log.stat().st_size
assert is_moved("key 99")
"""
WAITS_FOR_READERS = """
checkpoints.LONG = 0
write("first")
with sqlite3.connect(database, isolation_level=None) as reader:
    reader.execute("BEGIN")
    keys = "SELECT key FROM messaging_conversation ORDER BY key"
    assert reader.execute(keys).fetchall() == [("first",)]
    for number in range(3):
        write(f"key {number}")
    assert reader.execute(keys).fetchall() == [("first",)]
    assert not is_moved("key 2")
    reader.execute("COMMIT")
    assert len(reader.execute(keys).fetchall()) == 4
write("last")
assert is_moved("key 2") and is_moved("last")
"""
HOLDS_NOBODY_UP_FOR_A_LONG_READER = """
checkpoints.LONG = 20
asked, checkpoint = [], checkpoints._checkpoint
checkpoints._checkpoint = lambda mode: (asked.append(mode), checkpoint(mode))[1]
with sqlite3.connect(database, isolation_level=None) as reader:
    reader.execute("BEGIN")
    reader.execute("SELECT key FROM messaging_conversation").fetchall()
    for number in range(50):
        write(f"key {number}")
    asked.clear()
    write("more")
    assert asked == ["PASSIVE"], asked
    reader.execute("COMMIT")
write("last")
assert asked[-1] == "RESTART", asked
"""
FAILS_NOBODY = """
def start(thread):
    raise RuntimeError("can't start new thread")

threading.Thread.start = start
work = Call(lambda: Conversation.objects.create(key="first"))
call = DatabaseCall(work, "", loop.create_future())
run_together([call])
assert call.error is None, call.error
assert Conversation.objects.get().key == "first"
"""


@pytest.mark.parametrize(
    "what",
    [
        IS_MOVED,
        IS_MOVED_WITHOUT_GROUP_COMMIT,
        STARTS_ANEW,
        WAITS_FOR_READERS,
        HOLDS_NOBODY_UP_FOR_A_LONG_READER,
        FAILS_NOBODY,
    ],
)
def test_the_log(tmp_path: Path, what: str) -> None:
    environment = hermetic(
        DJANGO_SETTINGS_MODULE="chatsite.settings", DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3"
    )
    script = [sys.executable, "-c", PREPARE + what]
    done = subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
