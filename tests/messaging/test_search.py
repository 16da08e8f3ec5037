"""Finding messages: which words find what, on every database the same, and who finds it."""

import random
from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from threading import Thread
from typing import Any
from unittest.mock import Mock

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chatsite import disconnect
from chatsite.errors import Busy, DomainError
from chatsite.text import folded_text
from messaging.models import BLOCK, Conversation, Message, SearchBlock, SearchBuild, saved_key
from messaging.queries import search as queries
from messaging.queries.search import SearchCriteria, SearchResults, search
from messaging.queries.shared import Kind, shared_with
from messaging.services import search_build, search_index
from messaging.services.conversations import catch_up
from messaging.services.deletions import clear_chat, delete_messages, undo
from messaging.services.drafts import new_draft
from messaging.services.edits import edit_message
from messaging.services.groups import add_members, remove_member
from messaging.services.messages import (
    Sent,
    delete_message,
    remove,
    restore,
    send_message,
    send_together,
)
from messaging.shapes import search_text
from messaging.shapes.search_text import Passage, Terms, passages
from tests.factories import make_group, make_message, make_pair, make_user
from tests.files import MP4, make_upload, send_voice
from tests.pictures import picture

pytestmark = pytest.mark.django_db


def say(sender: User, peer: str, *texts: str) -> list[str]:
    """Their keys; all in one batch."""
    outcomes = send_together(
        [new_draft(sender_id=sender.pk, receiver_id=peer, text=text) for text in texts]
    )
    return [each.record.id for each in outcomes if isinstance(each, Sent)]


def fill_block(sender: User, peer: str) -> None:
    """What was said before is in the index then."""
    before = SearchBlock.objects.count()
    say(sender, peer, *["…"] * BLOCK)
    assert SearchBlock.objects.count() > before


def search_for(user: User, words: str = "", limit: int = 50, **asked: Any) -> SearchResults:
    return search(user, SearchCriteria(words=words, **asked), limit=limit)


def texts(user: User, words: str = "", **asked: Any) -> list[str]:
    return [each.message.text or "" for each in search_for(user, words, **asked).messages]


def marked(parts: Sequence[Passage]) -> str:
    return "".join(f"[{part.text}]" if part.found else part.text for part in parts)


OGG = b"OggS\0\2" + bytes(20) + b"\1\x13OpusHead"
ODD = "50%_off (a*b) $where: {'x': 1} \\d [^a] \"quoted"
INJECTED = "'; DROP TABLE x; -- NEAR(a b) col:* OR ^a"
FOUND = [
    ("We spoke about the BUDGET", "budget", "We spoke about the [BUDGET]"),
    ("We spoke about the budget", "bud", "We spoke about the [bud]get"),
    ("We spoke about the budget", "udge SPOKE", "We [spoke] about the b[udge]t"),
    ("We spoke about the budget", '"the budget"', "We spoke about [the budget]"),
    ("Søren kjører", "soren", "[Søren] kjører"),
    ("Łódź, Đakovo", "lodz dakovo", "[Łódź], [Đakovo]"),
    ("Straße", "STRASSE", "[Straße]"),
    ("Cre\u0301me", "crème", "[Cre\u0301me]"),
    ("ｆｏｏ ﾊﾟﾊﾟ", "foo パパ", "[ｆｏｏ] [ﾊﾟﾊﾟ]"),
    ("foo", "ｆｏｏ", "[foo]"),
    ("今日は会議です", "会議", "今日は[会議]です"),
    ("今日は会議です", "会", "今日は[会]議です"),
    ("한국어 시험", "국어", "한[국어] 시험"),
    ("Ок, ёлка", "елка", "Ок, [ёлка]"),
    ("ok then", "ok", "[ok] then"),
    ("It is, as said, OK", "a", "It is, [a]s said, OK"),
    ("👍🏽 fine", "👍", "[👍]🏽 fine"),
    (ODD, "50%_off", ODD.replace("50%_off", "[50%_off]")),
    (ODD, "(a*b) \\d", ODD.replace("(a*b)", "[(a*b)]").replace("\\d", "[\\d]")),
    (INJECTED, "near(a drop '; --", "[';] [DROP] TABLE x; [--] [NEAR(a] b) col:* OR ^a"),
    ("two\nlines", '"two lines"', "[two lines]"),
]
NOT_FOUND = [
    ("book", "ok"),
    ("book", "%"),
    ("book", "b_ok"),
    ("book", "b.ok"),
    ("book", "boo*"),
    ("book", '"oo b"'),
    ("book", "book shelf"),
    ("ハハ", "パパ"),
    ("かき", "がき"),
    ("会議", "議会"),
]


class TestWords:
    def test_find_what_is_last_and_what_is_in_the_index_alike(self) -> None:
        ada, bo = make_pair()
        cases = [*FOUND, *((text, words, None) for text, words in NOT_FOUND)]
        said = list(dict.fromkeys(text for text, *_rest in cases))
        say(ada, bo.pk, *said[:BLOCK], *said[BLOCK:], "…")
        for _ in range(2):
            for text, words, shown in cases:
                found = search_for(bo, words).messages
                hits = {each.message.text: marked(each.context) for each in found}
                assert hits.get(text) == shown, (text, words)
            fill_block(ada, bo.pk)

    def test_long_texts_are_shown_around_what_was_found(self) -> None:
        text = f"{'before ' * 50}the Übung{' after' * 50}"
        [start, *rest] = passages(text, Terms("ubung"))
        assert marked([start, *rest]).startswith(
            "… before before before before before the [Übung] "
        )
        assert marked(rest).endswith(" …")
        assert marked(passages(text, Terms("nothing"))).startswith("before before")
        for length in range(1494, 1506):  # wherever it is cut to look for it
            text = f"{'é' * length} u\u0301bung, Übung{' after' * 1000}"
            assert "[u\u0301bung], [Übung] after" in marked(passages(text, Terms("ubung")))

    @pytest.mark.parametrize("words", ["", "  ", '""', "\u0301"])
    def test_without_any_nothing_is_searched(self, words: str) -> None:
        ada = make_message().sender
        assert search_for(ada, words) == SearchResults([], "")


class TestOrder:
    def test_the_newest_first_page_by_page_as_reading_everything_would_find(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        chance = random.Random(1)
        me, *others = (make_user(name) for name in ("Ada", "Bo", "Cy"))
        group = make_group(others[0], me, others[1])
        peers = [*(other.pk for other in others), group]
        words = ["budget", "meeting", "Budgets", "lunch", "今日会議"]
        for _ in range(40):
            peer = chance.choice(peers)
            batch = [" ".join(chance.choices(words, k=2)) for _ in range(chance.randint(1, 12))]
            say(me, peer, *batch)
        everything = Message.objects.exclude(text="").order_by("-created_at", "-pk")
        expected = [key for key, text in everything.values_list("pk", "text") if "udget" in text]
        assert SearchBlock.objects.count() > 4
        found: list[str] = []
        cursor = ""
        while cursor or not found:
            with django_assert_max_num_queries(40):
                page = search(me, SearchCriteria(words="udget"), limit=7, cursor=cursor)
            found += [each.message.id for each in page.messages]
            cursor = page.cursor
        assert found == expected
        assert {each.message.receiver_id for each in page.messages} <= set(peers)

    def test_the_best_first(self) -> None:
        ada, bo = make_pair()
        expected = ["big plan now", "a plan, a big one", "a plan of the biggest", "airplanes, big"]
        say(ada, bo.pk, *[expected[number] for number in (0, 3, 1, 2)], "biggest plane", "plan")
        for _ in range(2):
            found = texts(bo, "big plan", order="best")
            assert found == [*expected[:3], "biggest plane", expected[3]]
            assert texts(bo, "big plan")[0] == "biggest plane"
            assert texts(bo, "big plan", order="best", person=bo.pk) == []
            assert search_for(bo, "big plan", limit=2, order="best").cursor == ""
            fill_block(ada, bo.pk)

    @pytest.mark.parametrize("cursor", ["x", "2026-13-01T00:00:00.000Z" + "0" * 24, "0" * 48])
    def test_a_bad_cursor_is_refused(self, cursor: str) -> None:
        with pytest.raises(DomainError) as refused:
            search(make_user(), SearchCriteria(words="budget"), limit=5, cursor=cursor)
        assert refused.value.code == "cursor"


class TestFilters:
    def test_by_voice(self) -> None:
        ada, bo = make_pair()
        song = make_upload(ada, OGG, "song.ogg").pk
        voice = send_voice(ada, bo.pk).id
        for _ in range(3):
            send_message(sender=ada, peer=bo.pk, text="song", attachments=[song])
            song = make_upload(ada, OGG, "song.ogg").pk
        for _ in range(2):
            for asked in (
                SearchCriteria(has="voice"),
                SearchCriteria(has="voice", chat=ada.pk, person=ada.pk),
            ):
                found = search(bo, asked, limit=1)
                assert [each.message.id for each in found.messages] == [voice]
                assert not found.cursor
            assert search(bo, SearchCriteria(words="song", has="voice"), limit=1).messages == []
            assert len(search(bo, SearchCriteria(has="audio"), limit=9).messages) == 4
            fill_block(ada, bo.pk)
        delete_message(user=ada, message_id=voice)
        assert search(bo, SearchCriteria(has="voice"), limit=1).messages == []
        assert search(make_user(), SearchCriteria(has="voice"), limit=1).messages == []

    def test_by_chat_person_time_and_what_messages_have(self) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        group = make_group(ada, bo, cy)
        say(ada, bo.pk, "the plan of Ada")
        say(bo, ada.pk, "the plan of Bo, https://example.org")
        say(bo, group, "the plan of the group")
        say(ada, saved_key(ada.pk), "the plan for myself")
        files = [
            ("plan.pdf", {"attachments": [make_upload(ada, name="Jahresplan.pdf").pk]}, "file"),
            ("film", {"attachments": [make_upload(ada, MP4, "the plan.mp4").pk]}, "video"),
            ("song", {"attachments": [make_upload(ada, OGG, "the plan.ogg").pk]}, "audio"),
            ("plan in a picture", {"image": picture()}, "picture"),
            ("album", {"attachments": [make_upload(ada, picture(), "plan.png").pk]}, "picture"),
        ]
        for text, fields, _kind in files:
            send_message(sender=ada, peer=bo.pk, text=text, **fields)  # type: ignore[arg-type]
        for _ in range(2):
            assert texts(ada, "plan", chat=group) == ["the plan of the group"]
            assert texts(ada, "plan", chat=saved_key(ada.pk)) == ["the plan for myself"]
            assert texts(ada, "plan", chat=cy.pk) == []
            assert texts(ada, "plan", person=bo.pk, chat=bo.pk) == [
                "the plan of Bo, https://example.org"
            ]
            assert texts(bo, person=cy.pk) == []
            assert texts(ada, has="link") == ["the plan of Bo, https://example.org"]
            for text, _fields, kind in files:
                assert text in texts(bo, "plan", has=kind)
                assert texts(bo, "nothing", has=kind) == []
            for kind in ("video", "audio"):
                assert len(texts(bo, has=kind)) == 1
            shared: tuple[tuple[Kind, str], ...]
            shared = ("pictures", "picture"), ("files", "file"), ("links", "link")
            for listed, has in shared:
                there = shared_with(bo, ada.pk, kind=listed, limit=50).messages
                assert texts(bo, has=has, chat=ada.pk) == [each.text for each in there]
            fill_block(ada, bo.pk)
            fill_block(ada, group)
        moment = Message.objects.get(text="the plan of the group").created_at
        late = texts(ada, "plan", after=moment)
        early = texts(ada, "plan", before=moment)
        assert "the plan of the group" in late
        assert sorted(late + early) == sorted(texts(ada, "plan"))
        assert early == ["the plan of Bo, https://example.org", "the plan of Ada"][-len(early) :]
        assert texts(ada, "plan", after=moment + timedelta(days=1)) == []

    def test_a_file_is_found_by_its_name(self) -> None:
        ada, bo = make_pair()
        keys = [make_upload(ada, name=name).pk for name in ("Ångström report.pdf", "other.pdf")]
        send_message(sender=ada, peer=bo.pk, text="see", attachments=keys)
        for _ in range(2):
            [found] = search_for(bo, "angstrom see").messages
            assert found.files
            assert [(each.id, marked(each.name)) for each in found.files] == [
                (keys[0], "[Ångström] report.pdf")
            ]
            assert marked(found.context) == "[see]"
            fill_block(ada, bo.pk)
        edit_message(user=ada, message_id=found.message.id, text="look")
        assert texts(bo, "see") == texts(bo, "angstrom see") == []
        assert texts(bo, "angstrom look") == texts(bo, "other", has="file") == ["look"]

    def test_of_an_unknown_chat_nothing_is_said(self) -> None:
        ada, bo = make_pair()
        stranger = make_user()
        say(ada, group := make_group(ada, bo), "secret")
        for chat in (group, saved_key(ada.pk), "0" * 24):
            with pytest.raises(DomainError) as refused:
                search_for(stranger, "secret", chat=chat)
            assert refused.value.status == 404


class TestNames:
    def test_people_and_groups_are_found_by_whom_they_concern(self) -> None:
        ada, bo = make_user("Ada"), make_user("Søren")
        make_group(ada, bo, title="Sörens Gruppe")
        found = search_for(ada, "soren")
        assert [each.full_name for each in found.people] == ["Søren"]
        assert [each.full_name for each in found.groups] == ["Sörens Gruppe"]
        assert found.groups[0].profile_pic.startswith("/media/")
        assert search_for(make_user(), "soren").groups == []
        assert search_for(ada, "soren", has="link").people == []

    def test_files_by_their_names_alone(self) -> None:
        ada, bo = make_pair()
        say(ada, bo.pk, "the plan")
        for key in (
            make_upload(ada, name="plan.pdf").pk,
            make_upload(ada, picture(), "plan.png").pk,
            make_upload(ada, name="other.pdf").pk,
        ):
            send_message(sender=ada, peer=bo.pk, text="a plan", attachments=[key])
        for _ in range(2):
            [found] = search_for(bo, "plan").files
            assert [marked(each.name) for each in found.files or ()] == ["[plan].pdf"]
            assert search_for(bo, "plan", has="file").files == []
            assert search_for(make_user(), "plan").files == []
            fill_block(ada, bo.pk)


class TestWhoFinds:
    """In the index, and before it is there."""

    @pytest.fixture(params=["latest", "indexed"])
    def settle(self, request: pytest.FixtureRequest) -> Any:
        return fill_block if request.param == "indexed" else lambda _sender, _peer: None

    def test_nobody_else(self, settle: Any) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        say(ada, bo.pk, "secret")
        say(ada, cy.pk, "hello")
        settle(ada, bo.pk)
        assert texts(bo, "secret") == texts(ada, "secret") == ["secret"]
        assert texts(cy, "secret") == texts(cy, "secret", person=ada.pk) == []
        assert texts(cy, "secret", chat=ada.pk) == []

    def test_not_what_was_before_they_came_or_after_they_left(self, settle: Any) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        group = make_group(ada, bo)
        say(ada, group, "word one")
        add_members(user=ada, group=group, people=[cy.pk])
        say(ada, group, "word two")
        remove_member(user=ada, group=group, person=cy.pk)
        say(ada, group, "word three")
        settle(ada, group)
        assert texts(cy, "word") == ["word two"]
        assert texts(cy, "word", chat=group) == ["word two"]
        assert texts(bo, "word") == ["word three", "word two", "word one"]
        add_members(user=ada, group=group, people=[cy.pk])
        say(ada, group, "word four")
        assert texts(cy, "word") == ["word four", "word two"]

    def test_not_what_they_have_deleted_for_themselves(self, settle: Any) -> None:
        ada, bo = make_pair()
        [key, _other] = say(ada, bo.pk, "word one", "word two")
        settle(ada, bo.pk)
        token = delete_messages(user=bo, message_ids=[key], whom="me")
        assert texts(bo, "word") == ["word two"]
        assert len(texts(ada, "word")) == 2
        undo(user=bo, token=token)
        assert len(texts(bo, "word")) == 2
        clear_chat(user=bo, peer=ada.pk)
        assert texts(bo, "word") == []

    def test_not_what_was_edited_away_or_deleted(self, settle: Any) -> None:
        ada, bo = make_pair()
        [first, second] = say(ada, bo.pk, "old words", "other words")
        settle(ada, bo.pk)
        edit_message(user=ada, message_id=first, text="new words at https://example.org")
        assert texts(bo, "old") == []
        assert texts(bo, "new") == texts(bo, has="link") == ["new words at https://example.org"]
        delete_message(user=ada, message_id=second)
        assert texts(bo, "other") == []
        message = Message.objects.select_related("conversation").get(pk=second)
        assert not any(
            "other" in text for text in SearchBlock.objects.values_list("text", flat=True)
        )
        restore(message=message)
        assert texts(bo, "other") == ["other words"]
        remove(message=message)
        assert texts(bo, "words") == ["new words at https://example.org"]

    def test_not_in_a_chat_with_who_is_gone(self, settle: Any) -> None:
        ada, bo = make_pair()
        group = make_group(bo, ada)
        say(bo, ada.pk, "a word to Ada")
        say(ada, bo.pk, "a word to Bo")
        say(ada, group, "a word to the group")
        settle(ada, bo.pk)
        settle(ada, group)
        ada.delete()
        assert texts(bo, "word") == ["a word to the group"]
        for text in SearchBlock.objects.values_list("text", flat=True):
            assert "word to bo" not in text


MANY_LETTERS = "\ufdfa" * 10_000  # folds to 18 letters each


class TestCost:
    """However much others have said, and whatever that folds to, a search does a little of it."""

    @pytest.fixture
    def folded(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """How many letters each call makes."""
        lengths: list[int] = []

        def counting(text: str) -> str:
            folded = folded_text(text)
            lengths.append(len(folded))
            return folded

        monkeypatch.setattr(search_text, "folded_text", counting)
        return lengths

    @pytest.mark.parametrize("is_indexed", [False, True])
    def test_a_search_goes_on_in_steps(
        self, monkeypatch: pytest.MonkeyPatch, folded: list[int], is_indexed: bool
    ) -> None:
        ada, bo = make_pair()
        [expected, _newest] = say(ada, bo.pk, "the plan \ufdfa", "plan")
        if is_indexed:
            fill_block(ada, bo.pk)
        for _ in range(3):
            group = make_group(bo, ada)
            say(bo, group, *[MANY_LETTERS] * 4, "plan")
            if is_indexed:
                fill_block(bo, group)
        assert all(
            len(text) < 5 * 12_200 for text in SearchBlock.objects.values_list("text", flat=True)
        )
        monkeypatch.setattr(queries, "SCAN_LIMIT", 25_000)
        monkeypatch.setattr(queries, "PLAIN", 1)
        found: list[str] = []
        cursor, steps = "", 0
        while cursor or not steps:
            folded.clear()
            page = search(ada, SearchCriteria(words="plan صلى"), limit=2, cursor=cursor)
            assert sum(folded) < 50_000
            found += [each.message.id for each in page.messages]
            assert not page.cursor or not cursor or page.cursor < cursor
            cursor, steps = page.cursor, steps + 1
        assert found == [expected]
        assert steps > 2

    def test_texts_count_and_are_read_only_where_they_are_looked_at(
        self,
        monkeypatch: pytest.MonkeyPatch,
        folded: list[int],
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        ada, bo = make_pair()
        file = make_upload(ada, name="the plan.pdf").pk
        send_message(sender=ada, peer=bo.pk, attachments=[file])
        for number in range(3):
            long = "long " * 300
            say(bo, make_group(bo, ada), *[f"{long}plan"] * 9, f"{long}end {number}")
        with django_assert_max_num_queries(20):  # not one for each of the long ones
            assert len(texts(ada, "end")) == 3
        monkeypatch.setattr(queries, "SCAN_LIMIT", 1000)
        folded.clear()
        terms = Terms("plan", has="file", in_names=True)
        places = queries._searched_chats(ada.pk)
        latest = queries._latest_of(places.values())
        finding = queries._Search(ada.pk, SearchCriteria(), terms, places, latest, 5, None)
        [found], more = finding.page()
        assert not more
        assert [each.id for each in found.attachments or ()] == [file]
        assert sum(folded) < 1000
        assert [each.message.id for each in search_for(ada, "plan").files] == [found.id]

    def test_what_is_found_is_marked_without_going_through_all_of_its_letters(
        self, folded: list[int]
    ) -> None:
        assert marked(passages(MANY_LETTERS, Terms("صلى"))).startswith("[\ufdfa")
        assert sum(folded) < 50_000
        assert len(folded) < 2000

    def test_ends_when_nobody_waits_for_it(self) -> None:
        ada = make_message().sender
        gone = disconnect.DisconnectListener()
        gone.mark_gone()
        token = disconnect._current.set(gone)
        try:
            with pytest.raises(Busy):
                texts(ada, "plan")
        finally:
            disconnect._current.reset(token)


class TestBuilding:
    def test_goes_on_after_a_stop_and_says_so_meanwhile(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        say(ada, bo.pk, "old to Bo", *["…"] * BLOCK * 3)
        say(ada, cy.pk, "old to Cy", *["…"] * BLOCK)
        complete = sorted(SearchBlock.objects.values_list("conversation", "number", "text"))
        assert len(complete) == 4
        SearchBlock.objects.all().delete()  # as before the update
        import_module("messaging.migrations.0022_search").ask_for_index(apps, None)
        say(ada, bo.pk, *["…"] * (BLOCK - 1), "newest to Bo")  # sent while it is being built
        found = search_for(ada, "to")
        assert found.is_building
        assert [each.message.text for each in found.messages] == ["newest to Bo"]
        monkeypatch.setattr(search_build, "STEP", 2)
        monkeypatch.setattr(search_build, "CONVERSATIONS", 1)
        assert not search_build.build_some()
        assert search_for(ada, "old").is_building
        while not search_build.build_some():
            pass
        found = search_for(ada, "old")
        assert not found.is_building
        assert [each.message.text for each in found.messages] == ["old to Cy", "old to Bo"]
        blocks = SearchBlock.objects.values_list("conversation", "number", "text")
        assert set(complete) <= set(blocks)
        assert len(blocks) == 5

    def test_ends_where_messages_went_with_their_accounts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        group = make_group(ada, cy)
        say(ada, bo.pk, *["gone"] * BLOCK * 2)
        say(ada, group, *["gone"] * BLOCK, *["…"] * BLOCK)
        say(cy, group, *["old"] * BLOCK)
        moments = Conversation.objects.order_by("pk").values_list("pk", "changed_at")
        SearchBlock.objects.all().delete()  # as before the update
        SearchBuild.objects.create()
        ada.delete()
        bo.delete()
        before = list(moments.all())
        assert Conversation.objects.filter(last_seq=BLOCK * 2).exists()
        monkeypatch.setattr(search_build, "STEP", 1)
        assert [search_build.build_some() for _ in range(2)] == [False, True]
        assert len(texts(cy, "old")) == BLOCK
        # What only makes two writers meet on MongoDB is not written elsewhere.
        assert (list(moments.all()) != before) is settings.MONGODB

    @pytest.mark.django_db(transaction=True)
    def test_what_is_edited_at_that_instant_is_found_as_edited(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bo = make_pair()
        first, *_rest = say(ada, bo.pk, "before", *["…"] * BLOCK)
        SearchBlock.objects.all().delete()  # as before the update
        SearchBuild.objects.create()
        threads: list[Thread] = []

        def edit() -> None:
            try:
                edit_message(user=ada, message_id=first, text="after")
            finally:
                connection.close()

        def add_and_be_met(which: Any) -> None:
            search_index.add_blocks(which)
            if not threads:
                threads.append(Thread(target=edit))
                threads[0].start()
                threads[0].join(0.2)  # where it is done by then, or waits for the commit

        monkeypatch.setattr(search_build, "add_blocks", add_and_be_met)
        while not search_build.build_some():
            pass
        threads[0].join()
        assert Message.objects.get(pk=first).text == "after"
        assert texts(ada, "after") == ["after"]
        assert SearchBlock.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_a_stop_without_transactions_loses_no_block(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bo = make_pair()
        say(ada, bo.pk, "first", *["…"] * BLOCK)
        conversation = Conversation.objects.get()
        with monkeypatch.context() as stopped:
            stopped.setattr(search_index, "add_blocks", Mock(side_effect=KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                search_index.rewrite_blocks(conversation.pk, [1])
        assert texts(bo, "first") == ["first"]
        search_index.add_blocks([(conversation.pk, 0)])  # stopped after the new one
        assert texts(bo, "first") == ["first"]
        search_index.rewrite_blocks(conversation.pk, [1])
        assert SearchBlock.objects.count() == 1

        # A batch was stored, but neither its conversation nor the block.
        SearchBlock.objects.all().delete()
        Conversation.objects.update(last_seq=BLOCK - 2, last_message=None)
        catch_up(conversation.key)
        assert texts(bo, "first") == ["first"]
        assert SearchBlock.objects.count() == 1

    def test_a_new_site_has_nothing_to_build(self) -> None:
        ask = import_module("messaging.migrations.0022_search").ask_for_index
        ask(apps, None)
        assert not SearchBuild.objects.exists()
        make_message()
        ask(apps, None)
        assert SearchBuild.objects.count() == 1
