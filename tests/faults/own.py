"""What is one's own while servers fail: everything is exported, and imported by somebody else."""

import asyncio
import io
import random
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import uuid4

import msgspec

from tests.faults import evidence
from tests.faults.evidence import Evidence
from tests.faults.files import File
from tests.faults.person import Person
from tests.faults.report import Report
from tests.faults.stage import Stage

PAUSE = 0.5  # seconds between two questions of how far it is
JOBS = "SELECT name, attempts FROM scheduler_job WHERE kind IN ('export', 'import')"
EXPORTS = "SELECT user_id, stored FROM messaging_export WHERE ready_at IS NOT NULL"
COPIES = "SELECT creator, client_group_id, key FROM messaging_conversation WHERE kind = 'imported'"


@dataclass
class Exported:
    """One ZIP, as it was downloaded."""

    person: Person
    due: set[str]  # the keys of the messages that were here when it was asked for
    data: bytes
    messages: list[tuple[str, str, str]] = field(default_factory=list)  # chat, key, text
    files: dict[str, str] = field(default_factory=dict)  # name → SHA-256
    missing: list[str] = field(default_factory=list)

    def read(self) -> None:
        archive = zipfile.ZipFile(io.BytesIO(self.data))
        self.missing += filter(None, [archive.testzip()])
        for chat in msgspec.json.decode(archive.read("export.json"))["chats"]:
            for page in chat["pages"]:
                for each in msgspec.json.decode(archive.read(page))["messages"]:
                    self.messages.append((chat["id"], each["id"], each.get("text", "")))
                    for file in each.get("files", ()):
                        if path := file.get("path"):
                            self.files[file["name"]] = sha256(archive.read(path)).hexdigest()
                        else:
                            self.missing.append(file["name"])


@dataclass
class Moved:
    """What came of it in a run."""

    importer: Person
    exports: list[Exported] = field(default_factory=list)
    imported: list[Exported] = field(default_factory=list)
    again: Counter[str] = field(default_factory=Counter)  # tries of a job, but for its first


async def take_along(
    site: Stage, people: list[Person], moved: Moved, is_over: asyncio.Event, chance: random.Random
) -> None:
    """One export after the other, and the import of each: the last once servers fail no more."""
    was_last = False
    while not (was_last and moved.imported):
        was_last = is_over.is_set()
        if exported := await _export(site, chance.choice(people), moved):
            moved.exports.append(exported)
            await _import(site, exported, moved)
        await asyncio.sleep(PAUSE)


async def _export(site: Stage, person: Person, moved: Moved) -> Exported | None:
    """None for who has had as many as they may."""
    due = {key for key, message in person.messages.items() if not message["deleted"]}
    begun = await person.insist("POST", "/api/export", known={429})
    if not begun.is_success or not await _is_ready(site, person, "/api/export", moved):
        return None
    exported = Exported(person, due, await person.fetch("/api/export/file"))
    await asyncio.to_thread(exported.read)
    return exported


async def _import(site: Stage, exported: Exported, moved: Moved) -> None:
    importer = moved.importer
    file = File(f"{uuid4().hex}.zip", exported.data)
    upload = await importer.upload(file)
    # 404, 409: it has begun already, and the answer was lost.
    begun = await importer.insist(
        "POST", "/api/import", known={404, 409, 429}, json={"upload": upload}
    )
    if begun.status_code != 429 and await _is_ready(site, importer, "/api/import", moved):
        moved.imported.append(exported)


async def _is_ready(site: Stage, person: Person, path: str, moved: Moved) -> bool:
    """In the end. False, when it was given up."""
    while True:
        told = (await person.insist("GET", path, known={404})).json()
        with suppress(*evidence.AWAY):
            for name, tries in await asyncio.to_thread(evidence.rows, site.database_url, JOBS):
                moved.again[name] = max(moved.again[name], tries - 1)
        if told.get("state") != "working":
            return bool(told.get("state") == "ready")
        await asyncio.sleep(PAUSE)


def check(
    site: Stage, moved: Moved, people: list[Person], stored: Evidence, report: Report
) -> None:
    sent = {file.name: file.digest for each in people for file in each.files.values()}
    lasting = {each.key for each in stored.messages if not each.deleted}
    report.exports, report.imports = len(moved.exports), len(moved.imported)
    report.own_again = moved.again.total()
    for exported in moved.exports:
        _check_export(exported, people, stored, lasting, sent, report)
    kept = evidence.rows(site.database_url, EXPORTS)
    for person in people:
        theirs = [name for owner, name in kept if owner == person.key]
        asked = any(each.person is person for each in moved.exports)
        if len(theirs) != asked or not all(map(site.file, theirs)):
            report.wrong.append(f"{person.key} has {len(theirs)} exports")
    _check_imported(site, moved, stored, sent, report)


def _check_export(
    exported: Exported,
    people: list[Person],
    stored: Evidence,
    lasting: set[str],
    sent: dict[str, str],
    report: Report,
) -> None:
    """Each message that its owner had when they asked for it is in it once, with its file; and none
    that they may not see.
    """
    person = exported.person
    keys = [key for _chat, key, _text in exported.messages]
    peers = [each.key for each in people if each is not person]
    peers += [each.owns for each in people if each.owns]
    theirs = {each.key for peer in peers for each in stored.seen(person.key, peer).visible}
    report.exported += len(keys)
    report.exported_doubled += len(keys) - len({*keys})
    lost, strange = exported.due & lasting - {*keys}, {*keys} - theirs
    report.losses += len(lost)
    report.seen_by_strangers += len(strange)
    other = {name for name, digest in exported.files.items() if sent.get(name, digest) != digest}
    wrong = {"not in it": lost, "not theirs": strange, "files": {*exported.missing, *other}}
    report.wrong += [
        f"the export of {person.key}: {w} {[*of][:3]}" for w, of in wrong.items() if of
    ]


def _check_imported(
    site: Stage, moved: Moved, stored: Evidence, sent: dict[str, str], report: Report
) -> None:
    """Each message of all imports is there once, in its copy of its chat, with its file."""
    copies = {
        client_id: key
        for creator, client_id, key in evidence.rows(site.database_url, COPIES)
        if creator == moved.importer.key
    }
    there = Counter(
        (each.conversation, each.client_id) for each in stored.messages if each.was_imported
    )
    report.imported = there.total()
    report.imported_doubled = there.total() - len(there)
    wanted = {
        (copies.get(_id_of(chat), ""), _id_of(chat, key))
        for exported in moved.imported
        for chat, key, _text in exported.messages
    }
    if lost := wanted - there.keys():
        report.losses += len(lost)
        report.wrong.append(f"{len(lost)} messages were not imported")
    if moved.imported == moved.exports and (more := there.keys() - wanted):
        report.wrong.append(f"{len(more)} messages were imported from nowhere")
    files = {each.client_id: each for each in stored.files if each.was_imported}
    report.files_doubled += sum(each.was_imported for each in stored.files) - len(files)
    for each in files.values():
        kept = site.file(each.stored)
        if kept is None or sha256(kept).hexdigest() != sent.get(each.name):
            report.wrong.append(f"{each.name} was not imported as it was sent")
    named = {name for each in moved.imported for name in each.files}
    if lost_files := named - {each.name for each in files.values()}:
        report.wrong.append(f"{len(lost_files)} files were not imported")


def _id_of(*parts: str) -> str:
    """As an import names what it brings."""
    told = "\0".join(("chatsite", *parts))
    return f"import-{sha256(told.encode()).hexdigest()[:48]}"
