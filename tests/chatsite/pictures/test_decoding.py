"""The process that decodes: what a picture may cost, and what happens to one that costs more."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from chatsite import disconnect, sandbox
from chatsite.disconnect import DisconnectListener
from chatsite.errors import DomainError
from chatsite.pictures import decoder, decoder_pool, decoding
from chatsite.pictures.decoder import PictureRefused
from chatsite.pictures.decoding import Decoder, DecoderFailed
from chatsite.pictures.images import square
from tests.environment import ROOT, hermetic
from tests.hostile_pictures import many_scans
from tests.pictures import encoded, frames_without_end, picture

PATIENCE = 20  # seconds; only a failing test waits for so long
ENDLESS = 1_000_000


@pytest.fixture
def process() -> Iterator[Decoder]:
    process = Decoder()
    yield process
    process.close()


@pytest.fixture
def costly(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Takes minutes, once its scans are not counted."""
    monkeypatch.setattr(decoding, "MAX_SCANS", ENDLESS)
    return many_scans(5_000)


def pid_of(process: Decoder) -> int:
    assert process.process
    return process.process.pid


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """A zombie is not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def has_decoded(process: Decoder) -> None:
    assert [made.width for made in process.make("profile", picture())] == [384]


def test_scans_are_counted_up_to_their_limit_without_decoding() -> None:
    hostile = many_scans(2_000, side=100)
    assert decoder._scans(hostile, 33) == 33
    assert decoder._scans(hostile, ENDLESS) == 2_005
    assert decoder._scans(picture(form="JPEG"), 33) == 1
    assert decoder._scans(picture(form="JPEG", progressive=True), 33) == 10
    assert decoder._scans(picture(form="JPEG", mode="CMYK", progressive=True), 33) <= 18
    assert decoder._scans(picture(), 33) == 0


def test_scans_of_a_picture_within_the_picture_do_not_count() -> None:
    inner = picture(form="JPEG", progressive=True)
    noise = Image.effect_noise((90, 90), 60)
    assert decoder._scans(encoded(noise, "JPEG", exif=b"Exif\0\0" + inner), 33) == 1
    assert decoder._scans(picture(form="JPEG") + inner, 33) == 1


def test_frames_are_counted_up_to_their_limit() -> None:
    assert decoder._gif_frames(frames_without_end(500_000), 201) == 201
    for frames in (1, 7, 200):
        assert decoder._gif_frames(frames_without_end(frames), 201) == frames
        assert decoder._gif_frames(frames_without_end(frames)[:-1], 201) == frames


@pytest.fixture
def one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of processor time, however long that takes on a busy machine."""
    monkeypatch.setattr(settings, "IMAGE_MAX_SECONDS", 1)
    monkeypatch.setattr(decoding, "PATIENCE", 100)


@pytest.mark.usefixtures("one_second")
def test_what_takes_too_much_processor_time_is_refused_and_the_process_replaced(
    process: Decoder, costly: bytes
) -> None:
    has_decoded(process)
    first = pid_of(process)
    before = os.times().children_user
    with pytest.raises(PictureRefused, match="costly"):
        process.make("message", costly)
    assert os.times().children_user - before < 3  # seconds of work, whatever the clock says
    assert not is_running(first)
    has_decoded(process)
    assert pid_of(process) != first


def test_processor_time_is_counted_anew_for_each_picture(
    process: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MAX_SCANS", ENDLESS)
    limits = []
    for data in (picture(), many_scans(70), picture()):  # one of some seconds between two
        process.make("message", data)
        limits.append(resource.prlimit(pid_of(process), resource.RLIMIT_CPU)[0])
    assert limits[0] >= settings.IMAGE_MAX_SECONDS
    assert limits[2] > limits[0]


def test_what_takes_too_much_memory_is_refused(
    process: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MEMORY_OF_PIXEL", 0)
    monkeypatch.setattr(decoding, "MEMORY", 150 * 2**20)
    with pytest.raises(PictureRefused, match="costly"):
        process.make("message", encoded(Image.new("RGBA", (5_000, 5_000)), compress_level=1))
    has_decoded(process)


def test_what_would_take_too_long_on_the_clock_is_ended(
    process: Decoder, costly: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that has no time for it: nothing is said against the picture."""
    monkeypatch.setattr(decoding, "PATIENCE", 0.01)
    with pytest.raises(DecoderFailed):
        process.make("message", costly)
    monkeypatch.undo()
    has_decoded(process)


def test_what_is_made_has_a_largest_size(process: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_RESULT", 200)
    with pytest.raises(DecoderFailed):
        process.make("profile", picture())
    monkeypatch.undo()
    has_decoded(process)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_died_meanwhile_is_replaced(process: Decoder, number: int) -> None:
    has_decoded(process)
    os.kill(pid := pid_of(process), number)
    until(lambda: not is_running(pid))
    has_decoded(process)


def test_a_signal_to_all_processes_leaves_the_picture_to_the_site(process: Decoder) -> None:
    has_decoded(process)
    os.kill(pid := pid_of(process), signal.SIGTERM)
    os.kill(pid, signal.SIGINT)
    has_decoded(process)
    assert pid_of(process) == pid


def test_it_has_nothing_of_the_site_and_comes_after_it(process: Decoder) -> None:
    has_decoded(process)
    folder = Path(f"/proc/{pid_of(process)}")
    assert os.getpriority(os.PRIO_PROCESS, pid_of(process)) == sandbox.LOWER_PRIORITY
    names = [pair.split(b"=")[0] for pair in (folder / "environ").read_bytes().split(b"\0")]
    assert {b"PYTHONPATH", b""} == set(names)
    files = {path.name: str(path.readlink()) for path in (folder / "fd").iterdir()}
    assert files.pop("0").startswith("socket:")
    assert set(files.values()) == {os.devnull}


def test_who_goes_away_ends_the_decoding(process: Decoder, costly: bytes) -> None:
    client = DisconnectListener()
    outcome: list[object] = []
    thread = in_thread(client, lambda: process.make("message", costly), outcome)
    until(lambda: process.process)
    pid = pid_of(process)
    client.mark_gone()
    thread.join(PATIENCE)
    assert isinstance(outcome[0], DecoderFailed)
    assert not is_running(pid)
    has_decoded(process)  # whom its going away concerns no more


def test_who_went_away_is_not_decoded_for(process: Decoder, costly: bytes) -> None:
    client = DisconnectListener()
    outcome: list[object] = []
    client.mark_gone()
    in_thread(client, lambda: process.make("message", costly), outcome).join(PATIENCE)
    assert isinstance(outcome[0], DecoderFailed)


def test_who_goes_away_leaves_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_pool, "PATIENCE", PATIENCE)
    client = DisconnectListener()
    outcome: list[object] = []
    with decoder_pool.pooled_decoder(), decoder_pool.pooled_decoder():
        thread = in_thread(client, lambda: square(picture()), outcome)
        until(lambda: decoder_pool._waiting == 1)
        client.mark_gone()
        thread.join(PATIENCE)
        assert isinstance(outcome[0], DomainError)
        assert decoder_pool._waiting == 0
    assert square(picture()).width == 384


def test_others_are_decoded_meanwhile(costly: bytes) -> None:
    client = DisconnectListener()
    outcome: list[object] = []
    thread = in_thread(client, lambda: square(costly), outcome)
    until(lambda: len(decoder_pool._free) == 1)
    for _time in range(3):
        assert square(picture()).width == 384
    assert outcome == []
    client.mark_gone()
    thread.join(PATIENCE)
    assert len(decoder_pool._free) == 2


def in_thread(
    client: DisconnectListener, work: Callable[[], object], outcome: list[object]
) -> threading.Thread:
    def run() -> None:
        disconnect._current.set(client)
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=copy_context().run, args=(run,))
    thread.start()
    return thread


SITE = """
import sys, threading, time
from pathlib import Path
from django.conf import settings
from chatsite.pictures import decoding
settings.configure(IMAGE_MAX_PIXELS=50_000_000, IMAGE_MAX_FRAMES=200, IMAGE_MAX_SECONDS=1000)
decoding.MAX_SCANS = 1_000_000
quick, costly = (Path(path).read_bytes() for path in sys.argv[2:])
process = decoding.Decoder()
process.make("profile", quick)
if sys.argv[1] == "busy":
    threading.Thread(target=process.make, args=("message", costly), daemon=True).start()
    stat = Path(f"/proc/{process.process.pid}/stat")
    while int(stat.read_text().split()[13]) < 50:  # hundredths of a second
        time.sleep(0.01)
print(process.process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_it_ends_with_the_site(state: str, tmp_path: Path) -> None:
    quick, costly = tmp_path / "quick", tmp_path / "costly"
    quick.write_bytes(picture())
    costly.write_bytes(many_scans(5_000))
    command = [sys.executable, "-c", SITE, state, str(quick), str(costly)]
    with subprocess.Popen(command, cwd=ROOT, env=hermetic(), stdout=subprocess.PIPE) as site:
        assert site.stdout
        pid = int(site.stdout.readline())
        assert is_running(pid)
        site.kill()
        site.wait(PATIENCE)
    until(lambda: not is_running(pid))
