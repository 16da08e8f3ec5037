"""Histories from elsewhere: each format with its oddities, and what becomes of them here."""

import io
import json
import sqlite3
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.services.accounts import update_profile
from accounts.services.deletion import plan_deletion
from accounts.services.placeholders import make_placeholders, placeholder_key
from chatsite import locks
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.files.refusals import not_stored
from chatsite.files.storage import store
from chatsite.keys import made_at
from messaging.models import Attachment, Conversation, Import, Kind, Message
from messaging.queries.chats import chats_of
from messaging.services import history_writer, imported_chats, imports
from messaging.services.blocks import block
from messaging.services.disappearing import let_disappear
from messaging.services.importers import reading, slack, telegram, whatsapp
from messaging.services.importers.source import (
    EARLIEST,
    MAX_REACTIONS,
    MAX_TEXT_BYTES,
    Archive,
    BareFile,
    ImportRefused,
    ImportSource,
    SourceChat,
    SourceMessage,
    SourceReaction,
    moment,
)
from messaging.services.imports import (
    begin_import,
    remove_import,
    remove_old_imports,
    run_import,
)
from messaging.services.messages import send_message
from messaging.services.pins import pin
from messaging.services.reactions import react
from messaging.services.scheduled import schedule_message
from messaging.shapes.reactions import canonical_emoji, decoded_reactions
from scheduler.models import Job
from scheduler.registry import Stopped
from tests.factories import ApiFor, make_group, make_message, make_user
from tests.files import PDF, VOICE, WEBM, make_upload, send_voice
from tests.jobs import run_due
from tests.pictures import picture

pytestmark = pytest.mark.django_db(transaction=True)
PageFor = Callable[[User], Client]
OTHER = "f" * 24
AT = "2021-01-01T00:00:00.000Z"
SOURCE = "messaging.services.importers.source"
LRM = "\u200e"
BERLIN = ZoneInfo("Europe/Berlin")
HELLO = b"31/12/2020, 23:57 - Bo: Hi\n" * 3


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def ada() -> User:
    return make_user("Ada", email="ada@example.org")


def packed(files: Mapping[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def imported(client: Any, user: User, data: bytes, name: str = "export.zip", **said: str) -> Any:
    """What is told of it in the end."""
    key = make_upload(user, data, name).pk
    begun = client.post("/api/import", {"upload": key, **said}, format="json")
    assert begun.status_code == 202, begun.json()
    run_due()
    return client.get("/api/import").json()


def history(client: Any, chat: Any) -> list[Any]:
    return list(client.get(f"/api/messages/{chat['id']}").json())


def names_of(messages: list[Any]) -> list[str]:
    keys = [each["senderId"] for each in messages]
    names = {each.pk: each.full_name for each in User.objects.filter(pk__in=keys)}
    return [names[key] for key in keys]


def read_whatsapp(text: str, *files: str, zone: Any = UTC) -> tuple[list[SourceMessage], Any]:
    data = packed({"_chat.txt": text, **dict.fromkeys(files, "")})
    source = whatsapp.read(Archive(io.BytesIO(data)), file_name="Bo.zip", zone=zone)
    [chat] = source.chats
    return list(chat.messages), source.left_out


class TestWhatsApp:
    @pytest.mark.parametrize(
        ("line", "at"),
        [
            ("12/31/20, 11:59 PM - Bo: Hi", (2020, 12, 31, 23, 59)),
            ("12/31/20, 11:59\u202fPM - Bo: Hi", (2020, 12, 31, 23, 59)),
            ("12/31/20, 12:05 AM - Bo: Hi", (2020, 12, 31, 0, 5)),
            ("31/12/2020, 23:59 - Bo: Hi", (2020, 12, 31, 23, 59)),
            ("31.12.20, 23:59 - Bo: Hi", (2020, 12, 31, 23, 59)),
            ("[31.12.20, 23:59:58] Bo: Hi", (2020, 12, 31, 23, 59, 58)),
            (f"{LRM}[12/31/20, 11:59:58\u202fPM] Bo: Hi", (2020, 12, 31, 23, 59, 58)),
            ("31-12-2020 23:59 - Bo: Hi", (2020, 12, 31, 23, 59)),
            ("2020-12-31 23:59 - Bo: Hi", (2020, 12, 31, 23, 59)),
            ("2020/12/31 下午11:59 - Bo: Hi", (2020, 12, 31, 23, 59)),
            ("2020年12月31日 23:59 - Bo: Hi", (2020, 12, 31, 23, 59)),
            ("31/12/20, 11:59\xa0p.\xa0m. - Bo: Hi", (2020, 12, 31, 23, 59)),
            ("٣١/١٢/٢٠٢٠، ٢٣:٥٩ - Bo: Hi", (2020, 12, 31, 23, 59)),
        ],
    )
    def test_dates_of_many_locales(self, line: str, at: tuple[int, ...]) -> None:
        [message], _left_out = read_whatsapp(line)
        assert (message.sender, message.text) == ("Bo", "Hi")
        assert message.at == datetime(*at, tzinfo=UTC)  # type: ignore[arg-type,misc]

    def test_the_order_of_day_and_month_is_told_from_all_dates(self) -> None:
        american = "\n".join(f"{day}, 10:00 - Bo: Hi" for day in ("2/3/21", "2/4/21", "3/1/21"))
        assert [each.at.month for each in read_whatsapp(american)[0]] == [2, 2, 3]
        european = "\n".join(f"{day}, 10:00 - Bo: Hi" for day in ("2/3/21", "3/3/21", "1/4/21"))
        assert [each.at.month for each in read_whatsapp(european)[0]] == [3, 3, 4]
        [clock], _left_out = read_whatsapp("2/3/21, 10:00 AM - Bo: Hi")
        assert clock.at.month == 2

    def test_lines_files_and_what_the_system_says(self) -> None:
        text = "\n".join(
            [
                "31.12.20, 23:58 - Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.",
                "31.12.20, 23:59 - Bo: One: with a colon",
                "and a second line",
                "",
                "12/5 is no date of a message",
                "01.01.21, 00:00 - Ada L.: <Medien ausgeschlossen>",
                "01.01.21, 00:01 - Bo: IMG-20210101-WA0001.jpg (Datei angehängt)",
                "Happy new year",
                "01.01.21, 00:02 - Bo: DOC-20210101-WA0002.pdf (Datei angehängt)",
                "01.01.21, 00:03 - Bo hat die Gruppe verlassen.",
                "01.01.21, 00:04 - Bo: Fixed <Diese Nachricht wurde bearbeitet.>",
            ]
        )
        messages, left_out = read_whatsapp(text, "IMG-20210101-WA0001.jpg", zone=BERLIN)
        assert [each.sender for each in messages] == ["Bo", "Ada L.", "Bo", "Bo", "Bo"]
        assert messages[0].text == (
            "One: with a colon\nand a second line\n\n12/5 is no date of a message"
        )
        assert messages[0].at == datetime(2020, 12, 31, 22, 59, tzinfo=UTC)
        assert messages[1].text == "<Medien ausgeschlossen>"
        assert (messages[2].text, messages[2].files[0].path) == (
            "Happy new year",
            "IMG-20210101-WA0001.jpg",
        )
        assert (messages[3].files[0].name, messages[3].files[0].path) == (
            "DOC-20210101-WA0002.pdf",
            "",
        )
        assert (messages[4].text, bool(messages[4].edited_at)) == ("Fixed", True)
        assert left_out["Lines of WhatsApp itself"] == 2

    def test_a_long_run_of_blanks_takes_no_long_time(self) -> None:
        text = f"x{' ' * 2**19}."  # a quarter of a million million steps
        messages, _left_out = read_whatsapp(f"31.12.20, 23:58 - Bo: {text}")
        assert [each.text for each in messages] == [text]

    def test_of_an_iphone(self) -> None:
        text = "\r\n".join(
            [
                f"[31.12.20, 23:58:00] Friends: {LRM}Messages and calls are encrypted.",
                f"{LRM}[31.12.20, 23:59:00] Bo: {LRM}<attached: 00000002-PHOTO.jpg>",
                f"[31.12.20, 23:59:30] Bo: {LRM}image omitted",
                f"[31.12.20, 23:59:40] Bo: {LRM}This message was deleted.",
                "[31.12.20, 23:59:50] ~\xa0Cy Young: Hello",
            ]
        )
        messages, left_out = read_whatsapp(text, "00000002-PHOTO.jpg")
        assert [each.text for each in messages] == ["", "image omitted", "Hello"]
        assert messages[0].files[0].path == "00000002-PHOTO.jpg"
        assert left_out["Lines of WhatsApp itself"] == 2
        assert left_out["Files that the export left out"] == 1

    def test_becomes_a_chat_of_ones_own(self, ada: User, api_for: ApiFor) -> None:
        bo = make_user("Bo")  # who has an account here, and said none of it
        text = "\n".join(
            [
                "31/12/2020, 23:59 - Bo: Hello",
                "01/01/2021, 00:00 - Ada: IMG-1-WA1.jpg (file attached)",
                "01/01/2021, 00:01 - Bo: AUD-1-WA2.opus (file attached)",
            ]
        )
        data = packed({"WhatsApp Chat with Bo.txt": text, "IMG-1-WA1.jpg": picture(90, 60)})
        client = api_for(ada)
        told = imported(client, ada, data, ownName="Ada")
        assert told["state"] == "ready", told
        [chat] = told["report"]["chats"]
        assert (chat["name"], chat["messages"], chat["known"]) == ("Bo", 3, 0)
        assert {"what": "Files that are not in the export", "count": 1} in told["report"]["leftOut"]
        first, second, third = history(client, chat)
        assert names_of([first, second, third]) == ["Bo", "Ada", "Bo"]
        assert first["senderId"] != bo.pk
        assert second["senderId"] == ada.pk
        assert first["createdAt"] == "2020-12-31T23:59:00.000Z"
        assert client.get(second["attachments"][0]["url"]).status_code == 200
        assert third["text"] == "AUD-1-WA2.opus (not imported)"
        # It is the importer's alone, and nobody writes in it.
        assert api_for(bo).get(f"/api/messages/{chat['id']}").status_code == 404
        assert (
            client.post(
                f"/api/messages/send/{chat['id']}", {"text": "Hi"}, format="json"
            ).status_code
            == 403
        )
        assert client.post(
            f"/api/groups/{chat['id']}/members", {"people": [bo.pk]}, format="json"
        ).status_code in (403, 404)
        report = {"kind": "message", "about": first["_id"], "reason": "spam"}
        assert client.post("/api/reports", report, format="json").status_code == 404
        listed = [each["_id"] for each in client.get("/api/messages/chats").json()]
        assert listed == [chat["id"]]
        found = client.get("/api/search?q=hello").json()["messages"]
        assert [each["message"]["_id"] for each in found] == [first["_id"]]
        people = [each["fullName"] for each in client.get("/api/messages/contacts").json()]
        assert people == ["Bo"]
        page = Client()
        page.cookies = client.cookies
        shown = page.get(f"/chat/{chat['id']}").content.decode()
        assert 'data-closed="imported"' in shown
        placeholder = first["senderId"]
        refused = client.post(f"/api/messages/send/{placeholder}", {"text": "Hi"}, format="json")
        assert refused.status_code == 404

    def test_a_longer_export_brings_the_rest(self, ada: User, api_for: ApiFor) -> None:
        client = api_for(ada)
        lines = [f"31/12/2020, 23:5{minute} - Bo: Same words" for minute in (1, 1, 2)]
        name = "WhatsApp Chat with Bo.txt"
        imported(client, ada, "\n".join(lines).encode(), name)
        told = imported(
            client, ada, "\n".join([*lines, "01/01/2021, 10:00 - Bo: New"]).encode(), name
        )
        [chat] = told["report"]["chats"]
        assert (chat["messages"], chat["known"]) == (1, 3)
        assert [each["seq"] for each in history(client, chat)] == [1, 2, 3, 4]
        assert Conversation.objects.count() == 1

    @pytest.mark.parametrize(
        ("inside", "again"),
        [
            ("", "WhatsApp Chat with Bo (1).txt"),
            ("_chat.txt", "WhatsApp Chat - Bo(2).zip"),
            ("WhatsApp Chat with Bo.txt", "a (1).zip"),
        ],
    )
    def test_again_from_another_zone_and_of_another_download_it_brings_nothing(
        self, ada: User, api_for: ApiFor, inside: str, again: str
    ) -> None:
        text = b"31/12/2020, 23:59 - Bo: Hi\n01/01/2021, 00:00 - Bo: There"
        data = packed({inside: text}) if inside else text
        first = again.replace(" (1)", "").replace("(2)", "")
        for name, zone in ((first, "Europe/Berlin"), (again, "America/New_York")):
            begin_import(user=ada, upload=make_upload(ada, data, name).pk, zone=zone)
            run_due()
        [chat] = api_for(ada).get("/api/import").json()["report"]["chats"]
        assert (chat["name"], chat["messages"], chat["known"]) == ("Bo", 0, 2)
        assert Conversation.objects.count() == 1
        assert Message.objects.order_by("seq")[0].created_at == datetime(
            2020, 12, 31, 22, 59, tzinfo=UTC
        )

    def test_a_group_whose_name_ends_in_a_number_is_itself(self) -> None:
        name = "WhatsApp Chat with Team (2).txt"
        data = packed({name: "31/12/2020, 23:59 - Bo: Hi"})
        source, _archive = reading.read(
            io.BytesIO(data), file_name="WhatsApp Chat with Team (2) (1).zip", own_name="", zone=UTC
        )
        assert [chat.name for chat in source.chats] == ["Team (2)"]


TELEGRAM: dict[str, Any] = {
    "personal_information": {"user_id": 1, "first_name": "Ada"},
    "chats": {
        "list": [
            {
                "name": "Bo",
                "type": "personal_chat",
                "id": 2,
                "messages": [
                    {
                        "id": 1,
                        "type": "message",
                        "date": "2021-01-01T00:00:00",
                        "date_unixtime": "1609459200",
                        "from": "Bo",
                        "from_id": "user2",
                        "text": [
                            "See ",
                            {"type": "link", "text": "https://example.org"},
                            {"type": "text_link", "text": " this", "href": "https://a.example"},
                            ", ",
                            {"type": "mention_name", "text": "Ada", "user_id": 1},
                            " and ",
                            {"type": "mention_name", "text": "@Bo", "user_id": 2},
                            {"type": "mention", "text": " @somebody"},
                        ],
                        "reactions": [
                            {
                                "type": "emoji",
                                "count": 3,
                                "emoji": "\u2764",
                                "recent": [
                                    {"from": "Ada", "from_id": "user1", "date": "2021-01-02"},
                                    {"from": "Cy", "from_id": "user9", "date": "2021-01-02"},
                                ],
                            },
                            {
                                "type": "custom_emoji",
                                "count": 1,
                                "document_id": "a.webp",
                                "recent": [{"from": "Bo", "from_id": "user2"}],
                            },
                        ],
                    },
                    {
                        "id": 2,
                        "type": "message",
                        "date": "2021-01-01T00:01:00",
                        "from": "Ada",
                        "from_id": "user1",
                        "text": "",
                        "photo": "chats/chat_1/photos/photo_1.jpg",
                        "width": 90,
                        "reply_to_message_id": 1,
                    },
                    {
                        "id": 3,
                        "type": "message",
                        "date": "2021-01-01T00:02:00",
                        "date_unixtime": "1609459320",
                        "edited_unixtime": "1609459400",
                        "from": None,
                        "from_id": "user3",
                        "text": "From a deleted account",
                        "file": "(File not included. Change data exporting settings to download.)",
                        "file_name": "big.mp4",
                        "media_type": "video_file",
                    },
                    {"id": 4, "type": "service", "action": "phone_call", "text": ""},
                    {
                        "id": 5,
                        "type": "message",
                        "date_unixtime": "1609459500",
                        "from": "Bo",
                        "from_id": "user2",
                        "text": "",
                        "location_information": {"latitude": 52.5, "longitude": 13.4},
                    },
                    {"id": 6, "type": "message", "date_unixtime": "nonsense", "text": "?"},
                ],
            },
            {"type": "saved_messages", "id": 3, "messages": []},
        ]
    },
}


class TestTelegram:
    def test_of_all_chats(self, ada: User, api_for: ApiFor) -> None:
        data = packed(
            {
                "DataExport_2021/result.json": json.dumps(TELEGRAM),
                "DataExport_2021/chats/chat_1/photos/photo_1.jpg": picture(90, 60),
            }
        )
        client = api_for(ada)
        told = imported(client, ada, data)
        [chat] = told["report"]["chats"]
        first, second, third, fourth = history(client, chat)
        assert first["text"] == (
            "See https://example.org this (https://a.example), @Ada and @Bo @somebody"
        )
        assert first["mentions"] == [ada.pk, first["senderId"]]
        assert "mentions" not in second
        [heart] = first["reactions"]
        assert (heart["emoji"], heart["count"], heart["people"][0]) == ("❤️", 2, ada.pk)
        assert User.objects.get(pk=heart["people"][1]).full_name == "Cy"
        assert second["senderId"] == ada.pk
        assert second["replyTo"] == first["_id"]
        assert second["attachments"][0]["kind"] == "picture"
        assert names_of([first, third]) == ["Bo", "Unknown person"]
        assert third["text"] == "From a deleted account\nbig.mp4 (not imported)"
        assert third["editedAt"] == "2021-01-01T00:03:20.000Z"
        assert fourth["text"] == "52.5, 13.4"
        left_out = {each["what"]: each["count"] for each in told["report"]["leftOut"]}
        assert left_out == {
            "Lines of Telegram itself": 1,
            "Messages without a date that could be read": 1,
            "Files that are not in the export": 1,
            "Reactions of people who are not named": 1,
            "Reactions that nobody has here": 1,
        }

    def test_is_not_all_in_memory(self) -> None:
        messages = [
            {"id": each, "type": "message", "date_unixtime": "1609459200", "text": "x" * 200}
            for each in range(20_000)
        ]
        chat = {"id": 1, "type": "personal_chat", "name": "Bo", "messages": messages}
        data = packed({"result.json": json.dumps({"chats": {"list": [chat]}})})
        tracemalloc.start()
        try:
            source = telegram.read(Archive(io.BytesIO(data)))
            assert sum(1 for chat in source.chats for _message in chat.messages) == 20_000
            _now, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 2**21

    def test_what_is_long_is_not_kept(self) -> None:
        long = '{"' + "k" * 2**19 + '":'
        deep = ('{"' + "k" * 150 + '":') * 45
        for text in (long + "{" + '"a":1,' * 200, long * 20, deep + "{" + '"a":1,' * 20_000):
            tracemalloc.start()
            try:
                with pytest.raises(ImportRefused):
                    telegram.read(Archive(io.BytesIO(packed({"result.json": text}))))
                _now, most = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert most < 2**24

    def test_people_are_known_by_little_and_no_more_of_them_react(self) -> None:
        long = "x" * 1000
        recent = [{"from": long, "from_id": f"{each}{long}"} for each in range(999)]
        said = TELEGRAM["chats"]["list"][0]["messages"][0] | {"from": long, "from_id": long}
        said["reactions"] = [{"count": 999, "emoji": "👍", "recent": recent[:250]}] * 5
        chat = {"id": 1, "name": "A", "messages": [said]}
        data = json.dumps({"chats": {"list": [chat]}}).encode()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(telegram, "MAX_MESSAGE_LENGTH", len(data))
            source, _archive = reading.read(
                io.BytesIO(data), file_name="result.json", own_name="", zone=UTC
            )
            [message] = [each for chat in source.chats for each in chat.messages]
        assert len(message.reactions) == MAX_REACTIONS
        assert source.left_out["Reactions of people who are not named"] == 5 * 999 - 1000
        assert {message.sender, *(each.person for each in message.reactions)} == {*source.names}
        assert {len(each) for each in (*source.names, *source.names.values())} == {100}

    def test_of_chats_left_and_of_one_that_says_nothing(self) -> None:
        said = TELEGRAM["chats"]["list"][0]["messages"][0]
        lists = {
            "chats": {"list": [{"id": 1, "name": "A", "messages": [said]}, {"id": 2, "name": "B"}]},
            "left_chats": {"list": [{"id": 3, "name": "C", "messages": [said, said]}]},
        }
        source = telegram.read(Archive(io.BytesIO(packed({"result.json": json.dumps(lists)}))))
        found = [(chat.name, len(list(chat.messages))) for chat in source.chats]
        assert found == [("A", 1), ("C", 2)]

    def test_of_one_chat_without_a_zip(self, ada: User, api_for: ApiFor) -> None:
        [chat, _saved] = TELEGRAM["chats"]["list"]
        told = imported(api_for(ada), ada, json.dumps(chat).encode(), "result.json")
        assert [each["name"] for each in told["report"]["chats"]] == ["Bo"]


SLACK: dict[str, Any] = {
    "users.json": [
        {"id": "U1", "name": "bo", "profile": {"display_name": "", "real_name": "Bo D"}},
        {"id": "U2", "name": "cy", "profile": {"display_name": "cy", "email": "cy@example.org"}},
        {"id": "U3", "name": "gone", "deleted": True, "profile": {"email": "none@example.org"}},
    ],
    "channels.json": [
        {
            "id": "C1",
            "name": "general",
            "members": ["U1", "U2", "U3"],
            "pins": [{"id": "1609459200.000100", "type": "C", "created": 1609459900, "user": "U1"}],
        }
    ],
    "general/2021-01-01.json": [
        {
            "type": "message",
            "user": "U1",
            "ts": "1609459200.000100",
            "text": "Hi <@U2> &amp; all",
            "reactions": [
                {"name": "+1::skin-tone-2", "users": ["U2", "U3"], "count": 2},
                {"name": "partyparrot", "users": ["U2"], "count": 1},
            ],
        },
        {"type": "message", "subtype": "channel_join", "user": "U2", "ts": "1609459201.0"},
        {
            "type": "message",
            "user": "U2",
            "ts": "1609459202.000100",
            "thread_ts": "1609459200.000100",
            "text": "<https://example.org|there>, <!here> in <#C1|general>",
            "edited": {"user": "U2", "ts": "1609459300.000000"},
        },
    ],
    "general/2021-01-02.json": [
        {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": "B1",
            "username": "Deploys",
            "ts": "1609545600.000000",
            "text": "done",
            "files": [{"name": "log.txt"}, None],
        },
    ],
    "general/2021-01-03.json": {"no": "list"},
}


class TestSlack:
    def test_channels_become_groups(self, ada: User, tmp_path: Path, api_for: ApiFor) -> None:
        cy = make_user("Cy", email="cy@example.org")
        file = tmp_path / "slack.zip"
        file.write_bytes(packed({name: json.dumps(each) for name, each in SLACK.items()}))
        output = io.StringIO()
        call_command("import_slack", file, "--owner", ada.email, stdout=output)
        first_line, *left_out = output.getvalue().splitlines()
        assert [first_line, *sorted(left_out)] == [
            "#general: 3 messages, 1 members",
            "left out: Days that could not be read (1)",
            "left out: Files that are not in the export (1)",
            "left out: Lines of Slack itself (1)",
            "left out: Reactions that nobody has here (1)",
        ]
        group = Conversation.objects.get(kind=Kind.GROUP).pk
        for person, role in ((ada, "owner"), (cy, "member")):
            client = api_for(person)
            assert client.get(f"/api/groups/{group}").json()["role"] == role
            hello, there, done, _added = client.get(f"/api/messages/{group}").json()
            assert hello["text"] == "Hi @cy & all"
            assert hello["mentions"] == [there["senderId"]]
            assert "mentions" not in there  # everybody, and a channel
            [thumb] = hello["reactions"]
            assert (thumb["emoji"], thumb["count"]) == ("👍", 2)
            assert hello["pinnedAt"] == "2021-01-01T00:11:40.000Z"
            assert "pinnedAt" not in there
            assert there["text"] == "there (https://example.org), @here in #general"
            assert there["replyTo"] == hello["_id"]
            assert done["text"] == "done\nlog.txt (not imported)"
            assert names_of([hello, there, done]) == ["Bo D", "cy", "Deploys"]
            assert there["senderId"] != cy.pk  # whatever the file says, Cy wrote nothing here
        assert api_for(make_user()).get(f"/api/groups/{group}").status_code == 404
        output = io.StringIO()
        call_command("import_slack", file, "--owner", ada.email, stdout=output)
        assert output.getvalue().startswith("#general: 0 messages, 0 members")
        assert Conversation.objects.filter(kind=Kind.GROUP).count() == 1

    def test_a_message_mentions_each_once_and_no_more_than_fifty(
        self, ada: User, tmp_path: Path, api_for: ApiFor
    ) -> None:
        people = ["U2", "U2", *(f"X{each}" for each in range(59))]
        [said, *_others] = SLACK["general/2021-01-01.json"]
        said = said | {"user": "U2", "text": " ".join(f"<@{each}>" for each in people)}
        export = SLACK | {"general/2021-01-01.json": [said]}
        file = tmp_path / "slack.zip"
        file.write_bytes(packed({name: json.dumps(each) for name, each in export.items()}))
        output = io.StringIO()
        call_command("import_slack", file, "--owner", ada.email, stdout=output)
        assert "left out: Mentions beyond fifty in one message (10)" in output.getvalue()
        group = Conversation.objects.get(kind=Kind.GROUP).pk
        message = api_for(ada).get(f"/api/messages/{group}").json()[0]
        assert message["mentions"][0] == message["senderId"]
        assert len(set(message["mentions"])) == len(message["mentions"]) == 50

    def test_what_is_none_is_refused(self, ada: User, tmp_path: Path) -> None:
        file = tmp_path / "slack.zip"
        file.write_bytes(packed({"a.txt": "x"}))
        with pytest.raises(CommandError, match=r"users\.json is missing"):
            call_command("import_slack", file, "--owner", ada.email)
        with pytest.raises(CommandError, match="Nobody has the address"):
            call_command("import_slack", file, "--owner", "nobody@example.org")


class TestOwnFormat:
    def test_a_site_imports_what_it_exports(self, ada: User, api_for: ApiFor) -> None:
        bo = make_user("Bo", email="bo@example.org")
        hello = make_message(bo, ada, "Hello", image=picture(300, 200))
        file = make_upload(ada, PDF, "minutes.pdf")
        send_message(
            sender=ada,
            peer=bo.pk,
            attachments=[file.pk],
            captions={file.pk: "Of May"},
            reply_to=hello.pk,
        )
        react(user=ada, message_id=hello.pk, emoji="👍")
        react(user=bo, message_id=hello.pk, emoji="🎉")
        pin(user=bo, message_id=hello.pk)
        send_voice(ada, bo.pk)
        make_group(bo, ada, title="Friends")
        let_disappear(user=bo, peer=ada.pk, seconds=3600)
        make_message(bo, ada, "Not for long")
        client = api_for(ada)
        client.post("/api/export")
        run_due()
        data = client.get("/api/export/file").getvalue()
        # Into the account of somebody else, as on another site.
        eve = make_user("Eve", email="eve@example.org")
        other = api_for(eve)
        told = imported(other, eve, data)
        assert told["state"] == "ready", told
        chats = {each["name"]: each for each in told["report"]["chats"]}
        assert chats.keys() == {"Bo", "Friends"}
        first, second, third, _lifetime = history(other, chats["Bo"])
        assert names_of([first, second, third]) == ["Bo", "Eve", "Eve"]
        assert first["reactions"] == [
            {"emoji": "👍", "count": 1, "people": [eve.pk]},
            {"emoji": "🎉", "count": 1, "people": [first["senderId"]]},
        ]
        pinned = other.get(f"/api/conversations/{chats['Bo']['id']}/pins").json()
        assert [each["_id"] for each in pinned] == [first["_id"]]
        assert other.get(f"/api/messages/{chats['Bo']['id']}").json()[0]["pinnedAt"]
        assert told["report"]["leftOut"] == [{"what": "Messages that disappear", "count": 1}]
        assert first["createdAt"] == client.get(f"/api/messages/{bo.pk}").json()[0]["createdAt"]
        assert first["attachments"][0]["kind"] == "picture"
        assert second["replyTo"] == first["_id"]
        assert second["attachments"][0]["caption"] == "Of May"
        assert third["attachments"][0]["waveform"] == VOICE["waveform"]
        assert "created the group" in history(other, chats["Friends"])[0]["text"]
        assert told["report"]["people"] == [{"id": bo.pk, "fullName": "Bo"}]
        again = imported(other, eve, data)
        assert {each["messages"] for each in again["report"]["chats"]} == {0}
        assert len(history(other, chats["Bo"])) == 4
        # Who deletes the chat has nothing left of it, and may import it again.
        placeholder = first["senderId"]
        assert other.delete(f"/api/messages/chats/{chats['Bo']['id']}").status_code in (200, 204)
        assert not Conversation.objects.filter(pk=chats["Bo"]["id"]).exists()
        assert User.objects.filter(pk=placeholder).exists()  # in the other chat
        plan_deletion(user=eve, removes_messages=False, grace=timedelta())
        run_due()
        assert not Conversation.objects.filter(kind="imported").exists()
        assert not User.objects.filter(pk=placeholder).exists()
        assert User.objects.filter(pk=bo.pk).exists()

    def test_mentions_come_along(self, ada: User, api_for: ApiFor) -> None:
        bo, cy, dan = make_user("Bo"), make_user("Cy"), make_user("Dan")
        group = make_group(ada, bo, cy, dan, title="Friends")
        people = [ada.pk, cy.pk, dan.pk]
        send_message(sender=bo, peer=group, text="@Ada @Cy @Dan", mentions=people)
        send_message(sender=dan, peer=group, text="Yes")
        client = api_for(ada)
        client.post("/api/export")
        run_due()
        eve = make_user("Eve")
        other = api_for(eve)
        told = imported(other, eve, client.get("/api/export/file").getvalue())
        [chat] = told["report"]["chats"]
        assert told["report"]["leftOut"] == []
        said, yes = history(other, chat)[-2:]
        assert said["text"] == "@Ada @Cy @Dan"
        mine, silent, writes = said["mentions"]
        assert (mine, writes) == (eve.pk, yes["senderId"])
        assert silent == placeholder_key(eve.pk, "chatsite", cy.pk)
        # Who is only mentioned is nobody here, and what somebody was told elsewhere is not new.
        assert not User.objects.filter(pk=silent).exists()
        assert not {ada.pk, cy.pk, dan.pk}.intersection(said["mentions"])
        [listed] = chats_of(eve)
        assert listed.unread_mentions == 0

    def test_is_gone_on_with_after_it_was_cut_short(
        self, ada: User, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(history_writer, "CHUNK", 2)
        text = "\n".join(f"31/12/2020, 23:0{each} - Bo: {each}" for each in range(5))
        upload = make_upload(ada, text.encode(), "WhatsApp Chat with Bo.txt")
        row = begin_import(user=ada, upload=upload.pk)
        with pytest.raises(Stopped):
            run_import(imported=row.pk, is_stopping=Message.objects.exists)
        assert Message.objects.count() == 2
        assert not Attachment.objects.filter(pk=upload.pk).exists()
        run_due()
        row.refresh_from_db()
        assert row.ended_at
        assert [each.text for each in Message.objects.order_by("seq")] == list("01234")
        assert not store.find(row.stored)

    def test_waits_for_a_store_that_is_away(
        self, ada: User, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lines = "31/12/2020, 23:57 - Bo: IMG-1-WA1.jpg (file attached)"
        data = packed({"WhatsApp Chat with Bo.txt": lines, "IMG-1-WA1.jpg": picture(90, 60)})
        row = begin_import(user=ada, upload=make_upload(ada, data, "export.zip").pk)

        def refuse(_name: str) -> None:
            raise not_stored()

        with monkeypatch.context() as patched:
            patched.setattr(store, "take", refuse)
            with pytest.raises(DomainError):
                run_import(imported=row.pk, is_stopping=lambda: False)
        assert not Message.objects.exists()
        assert not Attachment.objects.exists()
        run_due()
        assert api_for(ada).get("/api/import").json()["report"]["leftOut"] == []
        assert Attachment.objects.get().message_id

    def test_long_texts_and_what_cannot_be_stored(self, ada: User) -> None:
        at = now() - timedelta(days=1)
        source = ImportSource("telegram", [])
        messages = [
            SourceMessage("1", "bo", at, "x" * 25_000),
            SourceMessage("2", "bo", at, "a\x00b"),
            SourceMessage("3", "bo", at, " \n"),
        ]
        source.chats = [SourceChat("1", "\x00", messages)]
        archive = Archive(io.BytesIO(packed({})))
        writer = history_writer.HistoryWriter(ada, source, archive, lambda *_: None)
        [chat] = writer.write().chats
        assert (chat.name, chat.messages) == ("Imported chat", 4)
        stored = Message.objects.order_by("seq")
        assert [len(each.text) for each in stored] == [10_000, 10_000, 5_000, 2]
        assert source.left_out["Messages without anything that could be taken"] == 1


@pytest.mark.parametrize(
    ("written", "year"),
    [
        ("1901-01-01T00:00:00.000Z", 1970),
        ("2999-01-01T00:00:00.000Z", now().year),
        ("2020-13-40T00:00:00.000Z", None),
    ],
)
def test_odd_dates_stop_no_import(
    ada: User, api_for: ApiFor, written: str, year: int | None
) -> None:
    client = api_for(ada)
    make_message(ada, make_user("Bo"), "Hello")
    client.post("/api/export")
    run_due()
    with zipfile.ZipFile(io.BytesIO(client.get("/api/export/file").getvalue())) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    [page] = [name for name in files if name.endswith("/1.json")]
    document = json.loads(files[page])
    odd = {**document["messages"][0], "id": "0" * 24, "sentAt": written, "editedAt": written}
    document["messages"].insert(0, odd)
    told = imported(client, ada, packed({**files, page: json.dumps(document)}))
    assert told["state"] == "ready", told
    [chat] = told["report"]["chats"]
    messages = history(client, chat)
    left_out = [{"what": "Messages without a date that could be read", "count": 1}]
    assert told["report"]["leftOut"] == ([] if year else left_out)
    assert len(messages) == (2 if year else 1)
    if year:
        assert int(messages[0]["createdAt"][:4]) == year
        assert made_at(messages[0]["_id"]).year == year
    assert messages == sorted(messages, key=lambda each: (each["createdAt"], each["seq"]))


def test_dates_of_all_formats_are_between_1970_and_now() -> None:
    lines = "31/12/1901, 23:59 - Bo: Hi\n31/12/2999, 23:59 - Bo: Hi\n31/31/2020, 23:59 - Bo: Hi"
    messages, left_out = read_whatsapp(lines)
    long_ago, future = [each.at for each in messages]
    assert left_out == {"Messages without a date that could be read": 1}
    for early in (long_ago, telegram._moment("-5", ""), telegram._moment("", "1901-01-01")):
        assert early == EARLIEST
    for late in (future, telegram._moment("99999999999", ""), slack._moment("99999999999.5")):
        assert late
        assert long_ago < late <= now()
    for none in (telegram._moment("", ""), slack._moment(""), slack._moment("nan")):
        assert none is None
    assert moment(lambda: datetime(2020, 1, 1)) is None  # of which zone?


def _lying() -> bytes:
    """Of which the directory says that a file is smaller than it is."""
    data = bytearray(packed({"export.json": "{}" + " " * 5000}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.zip", b"PK\x03\x04 and then nothing", "not a ZIP"),
        ("a.zip", packed({"../../etc/passwd": "x"}), "names files outside"),
        ("a.zip", packed({"/etc/passwd": "x"}), "names files outside"),
        ("a.zip", packed({"export.json": bytes(2**25)}), "too large when it is unpacked"),
        ("a.zip", _lying(), "damaged"),
        ("a.zip", packed({"export.json": '{"format": "other"}'}), "not an export of a site"),
        ("a.zip", packed({"result.json": "[]"}), "not an export of Telegram"),
        ("a.zip", packed({"users.json": "[]", "channels.json": "[]"}), "those who run this site"),
        ("a.zip", packed({"a.bin": "x"}), "no export of Chatsite"),
        ("a.txt", b"Dear diary", "no chat of WhatsApp"),
    ],
)
def test_what_is_refused_is_said(
    ada: User, api_for: ApiFor, name: str, data: bytes, words: str
) -> None:
    told = imported(api_for(ada), ada, data, name)
    assert told["state"] == "failed"
    assert words in told["message"]
    assert not Conversation.objects.exists()
    assert not store.find(Import.objects.get().stored)


def test_an_import_is_its_owners_and_one_at_a_time(ada: User, api_for: ApiFor) -> None:
    client, other = api_for(ada), api_for(make_user())
    upload = make_upload(ada, b"31/12/2020, 23:59 - Bo: Hi", "chat.txt").pk
    assert other.post("/api/import", {"upload": upload}, format="json").status_code == 404
    assert client.post("/api/import", {"upload": upload}, format="json").status_code == 202
    assert other.get("/api/import").status_code == 404
    second = make_upload(ada, b"31/12/2020, 23:59 - Bo: Hi", "chat.txt").pk
    assert client.post("/api/import", {"upload": second}, format="json").status_code == 409
    assert client.delete("/api/import").status_code == 204
    assert not Job.objects.filter(kind="import").exists()
    assert client.post("/api/import", {"upload": second}, format="json").status_code == 202
    run_due()
    Import.objects.update(created_at=now() - timedelta(days=31))
    assert remove_old_imports() == 1
    assert Message.objects.count() == 1


def test_files_beyond_the_quota_are_said(ada: User, api_for: ApiFor, settings: Any) -> None:
    lines = "31/12/2020, 23:59 - Bo: IMG-1-WA1.jpg (file attached)"
    data = packed({"WhatsApp Chat with Bo.txt": lines, "IMG-1-WA1.jpg": WEBM})
    key = make_upload(ada, data, "export.zip").pk
    settings.ATTACHMENT_QUOTA = 10
    begin_import(user=ada, upload=key)
    run_due()
    told = api_for(ada).get("/api/import").json()
    assert told["state"] == "ready"
    assert "more than the" in told["report"]["leftOut"][0]["what"]
    assert Message.objects.get().text == "IMG-1-WA1.jpg (not imported)"


@pytest.mark.parametrize(
    ("name", "data", "bound", "value"),
    [
        ("a.txt", HELLO, "whatsapp.MAX_MESSAGES", 2),
        ("a.txt", HELLO, "whatsapp.MAX_MESSAGE_LENGTH", 20),
        ("a.txt", HELLO, "whatsapp.MAX_DOCUMENT_BYTES", 20),
        ("result.json", json.dumps(TELEGRAM).encode(), "reading.MAX_MESSAGES", 2),
        ("result.json", json.dumps(TELEGRAM).encode(), "telegram.MAX_PARTS", 2),
        ("result.json", json.dumps(TELEGRAM).encode(), "telegram.MAX_DEPTH", 3),
        ("result.json", json.dumps(TELEGRAM).encode(), "telegram.MAX_DOCUMENT_BYTES", 99),
        ("result.json", json.dumps(TELEGRAM).encode(), "telegram.MAX_PART_BYTES", 99),
        ("result.json", json.dumps(TELEGRAM).encode(), "telegram.MAX_KEY_LENGTH", 9),
        ("result.json", json.dumps(TELEGRAM).encode(), "telegram.MAX_MESSAGE_LENGTH", 99),
        ("a.txt", HELLO + bytes(33 * 2**20), "", 0),
        ("a.txt", HELLO + b"\r" * 2**21, "", 0),
    ],
    ids=[
        "messages",
        "one",
        "text",
        "in all",
        "parts",
        "deep",
        "document",
        "word",
        "key",
        "words",
        "bytes",
    ]
    + ["lines"],
)
def test_what_would_take_too_much_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, data: bytes, bound: str, value: int
) -> None:
    def read() -> None:
        source, _archive = reading.read(io.BytesIO(data), file_name=name, own_name="Ada", zone=UTC)
        for chat in source.chats:
            list(chat.messages)

    if bound:
        read()
        monkeypatch.setattr(f"messaging.services.importers.{bound}", value)
    with pytest.raises(ImportRefused, match="too large to be read"):
        read()


def test_a_chat_of_whatsapp_is_not_all_in_memory() -> None:
    """Of each message a little, by which it is told from others that say the same."""
    text = b"".join(b"1/1/20, 00:%02d - Bo: %d\n" % (n % 60, n) for n in range(30_000))
    assert _most_memory(BareFile(io.BytesIO(text), "Bo.txt"), 30_000) < 2**20 + 200 * 30_000


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_chat_of_whatsapp_may_be_larger_than_what_is_read_as_a_whole(is_packed: bool) -> None:
    line = b"".join(b"%d " % n for n in range(10_000))
    text = b"".join(b"1/1/20, 00:%02d - Bo: %d %s\n" % (n % 60, n, line) for n in range(750))
    assert len(text) > MAX_TEXT_BYTES
    if is_packed:
        archive = Archive(io.BytesIO(packed({"_chat.txt": text})))
    else:
        archive = BareFile(io.BytesIO(text), "Bo.txt")
    assert _most_memory(archive, 750) < 2**21


def _most_memory(archive: Archive, messages: int) -> int:
    """Bytes, while so many messages are read."""
    tracemalloc.start()
    try:
        [chat] = whatsapp.read(archive, file_name="Bo.txt", zone=UTC).chats
        assert sum(1 for _message in chat.messages) == messages
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return most


def test_a_chat_of_whatsapp_takes_its_room_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{SOURCE}.UNPACKED", 0)
    monkeypatch.setattr(f"{SOURCE}.UNPACKED_LEAST", len(HELLO))
    archive = Archive(io.BytesIO(packed({"_chat.txt": HELLO})))
    [chat] = whatsapp.read(archive, file_name="Bo.zip", zone=UTC).chats
    assert len(list(chat.messages)) == 3
    with pytest.raises(ImportRefused, match="too large when it is unpacked"):
        archive.opened("_chat.txt")


@pytest.mark.parametrize("text", [HELLO * 3, b"1/1/20, 00:00 - Bo: %s\n" % (b"x" * 300) * 2])
def test_a_long_text_is_left_when_that_is_wanted(
    text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def ask() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise Stopped

    monkeypatch.setattr(whatsapp, "CHECK_INTERVAL", 40)
    archive = BareFile(io.BytesIO(text), "Bo.txt", ask)
    with pytest.raises(Stopped):
        whatsapp.read(archive, file_name="Bo.txt", zone=UTC)


@pytest.mark.parametrize("bound", ["MAX_FILES", "MAX_DIRECTORY_BYTES"])
def test_archives_of_too_many_files_are_refused(
    monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(f"messaging.services.importers.source.{bound}", 2)
    data = packed({"a": "", "b": "", "c": ""})
    with pytest.raises(ImportRefused, match="too many files"):
        reading.read(io.BytesIO(data), file_name="a.zip", own_name="", zone=UTC)


def test_imported_chats_are_no_groups(ada: User, api_for: ApiFor) -> None:
    imported(api_for(ada), ada, b"31/12/2020, 23:59 - Bo: Hi", "chat.txt")
    conversation = Conversation.objects.get()
    assert conversation.kind == Kind.IMPORTED
    assert api_for(ada).get(f"/api/groups/{conversation.pk}").status_code == 403


def test_admins_see_that_somebody_imports_and_end_it(ada: User, page_for: PageFor) -> None:
    row = begin_import(user=ada, upload=make_upload(ada, b"Dear diary", "a.txt").pk)
    run_due()
    address = f"/admin/messaging/import/{row.pk}/"
    assert page_for(make_user(role="moderator")).get(f"{address}change/").status_code == 403
    page = page_for(make_user(role="admin"))
    assert "no chat of WhatsApp" in page.get(f"{address}change/").content.decode()
    assert page.get("/admin/messaging/import/").status_code == 200
    page.post(f"{address}act/remove/")
    assert not Import.objects.exists()


def test_the_profile_tells_what_came(ada: User, page_for: PageFor) -> None:
    page = page_for(ada)
    page.cookies["tz"] = "Europe/Berlin"
    text = b"31/12/2020, 23:59 - Bo: Hi\n31/12/2020, 23:59 - Bo left"
    upload = make_upload(ada, text, "WhatsApp Chat with Bo.txt").pk
    page.post("/profile/import", {"upload": upload, "own_name": "Ada"})
    assert 'hx-trigger="load delay:2s"' in page.get("/profile").content.decode()
    run_due()
    shown = page.get("/profile").content.decode()
    assert " is in your chats." in shown
    assert "Lines of WhatsApp itself (1)" in shown
    assert Message.objects.get().created_at == datetime(2020, 12, 31, 22, 59, tzinfo=UTC)
    page.post("/profile/import/removal")
    assert not Import.objects.exists()


def exported(chats: list[list[str]], people: list[dict[str, str]] | None = None) -> str:
    """The document of an export with these chats, by their pages."""
    me = {"id": "a" * 24, "fullName": "Ada", "email": "", "createdAt": AT, "privacy": {}}
    document: dict[str, Any] = {"blocked": [], "sessions": [], "invitations": [], "reports": []}
    document |= {"format": "chatsite-export", "version": 1, "site": "", "exportedAt": AT, "me": me}
    document["people"] = people or []
    document["chats"] = [
        {"id": f"{each:024}", "kind": "group", "peerId": OTHER, "name": f"Chat {each}"}
        | {"pages": pages}
        for each, pages in enumerate(chats)
    ]
    return json.dumps(document)


def page_of(*senders: str, files: list[dict[str, Any]] | None = None) -> str:
    """A page of a chat, with a message of each: of `b`, whose key is of 24 such letters."""
    messages = [
        {"id": f"{each:024}", "seq": each, "senderId": sender * 24, "sentAt": AT, "text": "Hi"}
        | {"files": files or []}
        for each, sender in enumerate(senders, 1)
    ]
    return json.dumps({"messages": messages})


class TestHostile:
    def test_nobody_tells_whom_somebody_has_imported(self, settings: Any) -> None:
        key = placeholder_key("a" * 24, "whatsapp", "Bo")
        assert key == placeholder_key("a" * 24, "whatsapp", "Bo")
        settings.SECRET_KEY = "y" * 64
        assert placeholder_key("a" * 24, "whatsapp", "Bo") != key

    def test_deletion_works_for_any_number_of_people(
        self, ada: User, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imported_chats, "CHUNK", 2)
        client = api_for(ada)
        files = {"export.json": exported([["p"], ["q"]]), "p": page_of(*"bcdef"), "q": page_of("d")}
        told = imported(client, ada, packed(files))
        first, _second = told["report"]["chats"]
        assert User.objects.exclude(deleted_at=None).count() == 5
        client.delete(f"/api/messages/chats/{first['id']}")
        [left] = User.objects.exclude(deleted_at=None)
        assert left.pk == placeholder_key(ada.pk, "chatsite", "d" * 24)

    def test_who_is_blocked_learns_nothing_new(self, ada: User, api_for: ApiFor) -> None:
        bo = make_user("Bo", email="bo@example.org")
        block(user=bo, person=ada.pk)
        update_profile(user=bo, full_name="Bo King")
        people = [{"id": "b" * 24, "email": "bo@example.org"}]
        data = packed({"export.json": exported([["p"]], people), "p": page_of("b")})
        for person, name in ((ada, "Bo"), (make_user(), "Bo King")):
            told = imported(api_for(person), person, data)
            assert told["report"]["people"] == [{"id": bo.pk, "fullName": name}]
        User.objects.filter(pk=bo.pk).update(email="king@example.org")
        people.append({"id": "c" * 24, "email": "king@example.org"})
        for address, finder in zip(people, (ada, make_user()), strict=True):
            for person in (ada, make_user()):
                data = packed({"export.json": exported([["p"]], [address]), "p": page_of("b")})
                told = imported(api_for(person), person, data)
                found = [each["id"] for each in told["report"]["people"]]
                assert found == [bo.pk] * ((person == ada) == (finder == ada))

    def test_many_reactions_are_compared_with_few(self) -> None:
        keys = [f"{each:024}" for each in range(20_000)]
        page = json.loads(page_of("b"))
        page["messages"][0]["reacted"] = ["🎉", "🎉", *keys]  # 400 million comparisons
        page["messages"][0]["reactions"] = [{"emoji": "👍", "count": len(keys), "people": keys}]
        data = packed({"export.json": exported([["p"]]), "p": json.dumps(page)})
        source, _archive = reading.read(io.BytesIO(data), file_name="a.zip", own_name="", zone=UTC)
        [message] = [each for chat in source.chats for each in chat.messages]
        assert message.reactions == [SourceReaction(each, "👍") for each in keys[:MAX_REACTIONS]]
        assert source.left_out["Reactions that nobody has here"] == 40_001 - MAX_REACTIONS

    def test_reactions_are_weighed_before_others_wait(
        self, ada: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held: list[bool] = []

        @contextmanager
        def locking(*keys: str) -> Iterator[None]:
            with locks.locking(*keys):
                held.append(True)
                yield
                held.pop()

        def canonical(text: str) -> str | None:
            assert not held
            return canonical_emoji(text)

        monkeypatch.setattr(history_writer, "locking", locking)
        monkeypatch.setattr(history_writer, "canonical_emoji", canonical)
        said = [("bo", "👍"), ("cy", "🎉"), ("bo", "👍"), ("", "👍"), ("di", "none")]
        message = SourceMessage("1", "bo", now(), "Hi")
        message.reactions = [SourceReaction(*each) for each in said]
        source = ImportSource(
            "telegram", [SourceChat("1", "A", [message])], {"bo": "Bo", "di": "Di"}
        )
        archive = Archive(io.BytesIO(packed({})))
        history_writer.HistoryWriter(ada, source, archive, lambda *_: None).write()
        bo, cy = (placeholder_key(ada.pk, "telegram", each) for each in ("bo", "cy"))
        assert [
            (each.emoji, each.people) for each in decoded_reactions(Message.objects.get().reactions)
        ] == [
            ("👍", [bo, ada.pk]),
            ("🎉", [cy]),
        ]
        assert source.left_out == {"Reactions that nobody has here": 1}
        assert not User.objects.filter(full_name="Di").exists()

    def test_few_messages_with_many_reactions_are_stored_at_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(history_writer, "CHUNK", 3)
        monkeypatch.setattr(history_writer, "REACTIONS", 4)
        messages = [SourceMessage(str(each), "bo", now()) for each in range(6)]
        messages[0].reactions = messages[1].reactions = [SourceReaction("bo", "👍")] * 2
        chunks = history_writer._chunks(messages)
        assert [[each.id for each in chunk] for chunk in chunks] == [[*"01"], [*"234"], ["5"]]

    def test_any_number_of_people_is_asked_for_in_parts(self) -> None:
        names = {placeholder_key("a" * 24, "telegram", str(each)): "Bo" for each in range(150)}
        connection.ensure_connection()
        if connection.vendor == "sqlite":
            connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 100)
        try:
            make_placeholders(names)
            make_placeholders(names | {placeholder_key("a" * 24, "telegram", "cy"): "Cy"})
        finally:
            connection.close()
        assert User.objects.count() == 151

    def test_a_file_that_a_message_waits_with_is_not_taken(self, ada: User) -> None:
        file = make_upload(ada, HELLO, "a.txt")
        row, _is_new = schedule_message(
            user=ada, peer=make_user().pk, when_online=True, attachments=[file.pk]
        )
        with pytest.raises(DomainError, match="no such upload"):
            begin_import(user=ada, upload=file.pk)
        # Nor if it came to wait a moment ago.
        with pytest.raises(DomainError, match="no such upload"):
            imports._begin(Import(user=ada, stored=file.stored, name=file.name), file.pk)
        assert Attachment.objects.get(pk=file.pk).scheduled_id == row.pk

    def test_only_zones_are_taken(self, ada: User, api_for: ApiFor) -> None:
        client = api_for(ada)
        upload = make_upload(ada, b"31/12/2020, 23:59 - Bo: Hi", "chat.txt").pk
        for zone in ("No/Where", "../etc", "x" * 5000, "\x00"):
            body = {"upload": upload, "zone": zone}
            assert client.post("/api/import", body, format="json").status_code == 400, zone
        begin_import(user=ada, upload=upload, zone="Europe/Berlin")
        Import.objects.update(zone="No/Where")  # any more
        run_due()
        assert client.get("/api/import").json()["state"] == "ready"

    def test_a_page_is_read_once_and_no_chat_made_without_messages(
        self, ada: User, api_for: ApiFor
    ) -> None:
        chats = [["p", "p", "p"], ["p"], ["empty"] * 5]
        files = {"export.json": exported(chats), "p": page_of("b"), "empty": page_of()}
        told = imported(api_for(ada), ada, packed(files))
        [chat] = told["report"]["chats"]
        assert (chat["name"], chat["messages"], chat["known"]) == ("Chat 0", 1, 0)
        assert Conversation.objects.count() == 1

    def test_ends_in_the_middle_of_what_has_no_messages(self, ada: User) -> None:
        empty = {f"p{each}": page_of() for each in range(9)}
        data = packed({"export.json": exported([list(empty)])} | empty)
        row = begin_import(user=ada, upload=make_upload(ada, data, "a.zip").pk)
        looks: list[int] = []

        def is_stopping() -> bool:
            looks.append(1)
            return len(looks) == 5

        with pytest.raises(Stopped):
            run_import(imported=row.pk, is_stopping=is_stopping)

        def cancelled() -> bool:
            looks.append(1)
            if len(looks) == 9:
                remove_import(user=ada)
            return False

        run_import(imported=row.pk, is_stopping=cancelled)
        assert len(looks) == 9
        assert not Import.objects.exists()

    @pytest.mark.parametrize(
        ("bound", "words"),
        [
            ("reading.MAX_CHATS", "a.zip is too large to be read"),
            ("reading.MAX_MESSAGES", "a.zip is too large to be read"),
            ("reading.MAX_PEOPLE", "a.zip is too large to be read"),
            ("source.UNPACKED_LEAST", "too large when it is unpacked"),
        ],
    )
    def test_one_import_has_bounds(
        self, ada: User, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch, bound: str, words: str
    ) -> None:
        monkeypatch.setattr(f"{SOURCE}.UNPACKED", 0)
        monkeypatch.setattr(f"messaging.services.importers.{bound}", 1)
        files = {"export.json": exported([["p"], ["q"]]), "p": page_of("b", "c"), "q": page_of("b")}
        told = imported(api_for(ada), ada, packed(files), "a.zip")
        assert told["state"] == "failed"
        assert words in told["message"]

    def test_the_same_file_is_not_unpacked_for_ever(
        self, ada: User, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = [{"name": "a.pdf", "kind": "file", "type": "", "size": len(PDF), "path": "a.pdf"}]
        files: dict[str, str | bytes] = {"export.json": exported([["p"]]), "a.pdf": PDF}
        files["p"] = page_of(*"bbb", files=file)
        room = sum(map(len, files.values())) + len(PDF)  # it is read twice
        monkeypatch.setattr(f"{SOURCE}.UNPACKED", 0)
        monkeypatch.setattr(f"{SOURCE}.UNPACKED_LEAST", room)
        told = imported(api_for(ada), ada, packed(files))
        assert "too large when it is unpacked" in told["message"]
        assert not Attachment.objects.exists()  # what had been read takes no room

    @pytest.mark.parametrize("error", [KeyError, ValueError, TypeError, RecursionError, EOFError])
    def test_what_a_reader_stumbles_over_is_refused(
        self, ada: User, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
    ) -> None:
        def stumble(*_given: Any) -> None:
            raise error

        # While the document is read, and while its messages are.
        for name in ("read", "_text"):
            with monkeypatch.context() as patched:
                patched.setattr(telegram, name, stumble)
                data = packed({"result.json": json.dumps(TELEGRAM)})
                told = imported(api_for(ada), ada, data, "a.zip")
            assert told["message"] == "a.zip cannot be read."

    def test_methods_of_packing_that_take_memory_are_refused(
        self, ada: User, api_for: ApiFor
    ) -> None:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("export.json", exported([]))
        told = imported(api_for(ada), ada, target.getvalue())
        assert told["message"] == "export.json is damaged."
