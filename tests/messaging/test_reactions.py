"""Reactions: counted, told to everybody concerned, and light with a thousand people."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import msgspec
import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services.moderation import ban
from chatsite.errors import DomainError
from chatsite.keys import new_key
from messaging.models import Conversation, Membership, Message, Reaction
from messaging.queries.chats import chats_of
from messaging.queries.history import history
from messaging.queries.reactions import reactions_page
from messaging.queries.sync import changes_since, sync_cursor
from messaging.recipients import user_group
from messaging.services import changes
from messaging.services.groups import add_members, change_group, remove_member
from messaging.services.messages import delete_message, remove, restore, send_message
from messaging.services.reactions import react, unreact
from messaging.shapes.reactions import DIFFERENT, MAX_PER_PERSON, NAMED, decoded_reactions
from messaging.shapes.record import MessageRecord
from tests.concurrency import at_once
from tests.factories import make_group, make_message, make_messages, make_pair, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
THUMB, HEART, CRY = "👍", "❤️", "😢"
MANY = list("😀😃😄😁😆😅🤣😂🙂🙃🫠😉😊😇🥰😍🤩😘😗😚😙🥲")
Summary = list[tuple[str, int, list[str]]]


def summary(record: MessageRecord) -> Summary:
    return [(each.emoji, each.count, each.people) for each in decoded_reactions(record.reactions)]


def last(me: User, peer: str) -> MessageRecord:
    return history(me, peer, before=None, limit=1, include_deleted=True)[-1]


def refusal(react_or_not: Callable[..., object], user: User, key: str, emoji: str = THUMB) -> int:
    """Its status. Nothing is changed by it."""
    before = sorted(Reaction.objects.values_list()), sorted(Message.objects.values_list())
    versions = sorted(Conversation.objects.values_list("pk", "version"))
    with pytest.raises(DomainError) as refused:
        react_or_not(user=user, message_id=key, emoji=emoji)
    assert before == (sorted(Reaction.objects.values_list()), sorted(Message.objects.values_list()))
    assert versions == sorted(Conversation.objects.values_list("pk", "version"))
    return refused.value.status


def crowd(group: str, count: int) -> list[User]:
    """So many more members, quickly."""
    people = [User(email=f"crowd{number}@example.org") for number in range(count)]
    for number, person in enumerate(people):
        person.rename(f"Crowd {number}")
    User.objects.bulk_create(people)
    Membership.objects.bulk_create(
        Membership(conversation_id=group, user=person) for person in people
    )
    return people


def react_all(message: str, people: list[User], emoji: str = THUMB) -> None:
    """The rows of all, and the last one's by the service, which sums them up."""
    Reaction.objects.bulk_create(
        Reaction(message_id=message, user=person, emoji=emoji) for person in people[:-1]
    )
    react(user=people[-1], message_id=message, emoji=emoji)


class TestReacting:
    def test_counts_and_names_people_in_the_order_in_which_they_came(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        react(user=bo, message_id=message.pk, emoji=HEART)
        react(user=ada, message_id=message.pk, emoji=THUMB)
        record = react(user=ada, message_id=message.pk, emoji=HEART)
        expected = [(HEART, 2, [bo.pk, ada.pk]), (THUMB, 1, [ada.pk])]
        assert summary(record) == summary(last(bo, ada.pk)) == expected
        assert record.reacted is None

    def test_taken_back_it_is_as_it_was_before(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        react(user=bo, message_id=message.pk, emoji=THUMB)
        react(user=bo, message_id=message.pk, emoji=CRY)
        assert summary(unreact(user=bo, message_id=message.pk, emoji=THUMB)) == [(CRY, 1, [bo.pk])]
        record = unreact(user=bo, message_id=message.pk, emoji=CRY)
        assert record.reactions is None
        assert b"react" not in msgspec.json.encode(last(ada, bo.pk))
        assert Message.objects.get().reactions == ""

    def test_again_nothing_happens(self, events: Events) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        unreact(user=bo, message_id=message.pk, emoji=THUMB)
        first = react(user=bo, message_id=message.pk, emoji=THUMB)
        events.clear()
        assert react(user=bo, message_id=message.pk, emoji=THUMB) == first
        assert not len(events)
        assert Reaction.objects.count() == 1

    @pytest.mark.parametrize(
        ("sent", "stored"),
        [
            ("❤", "❤️"),
            ("☹︎".replace("︎", ""), "☹️"),
            ("👍🏽", "👍🏽"),
            ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
            ("👩🏿‍❤️‍💋‍👨🏻", "👩🏿‍❤️‍💋‍👨🏻"),
            ("👩🏿‍❤‍💋‍👨🏻", "👩🏿‍❤️‍💋‍👨🏻"),
            ("🏳‍🌈", "🏳️‍🌈"),
            ("🏴󠁧󠁢󠁷󠁬󠁳󠁿", "🏴󠁧󠁢󠁷󠁬󠁳󠁿"),
            ("🇩🇪", "🇩🇪"),
            ("1⃣", "1️⃣"),
        ],
    )
    def test_an_emoji_is_one_however_it_is_typed(self, sent: str, stored: str) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        for emoji in (sent, stored):
            record = react(user=bo, message_id=message.pk, emoji=emoji)
            assert summary(record) == [(stored, 1, [bo.pk])]
        assert unreact(user=bo, message_id=message.pk, emoji=sent).reactions is None

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "a",
            "1",
            "👍👍",
            "👍 ",
            "x👍",
            "🏽",
            "🇩",
            "\u200d",
            "\ufe0f",
            ":+1:",
            "\x00",
            "€",
        ]
        + ["👍" * 500, "\ud83d"],
    )
    def test_nothing_else_is_one(self, text: str) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        for change in (react, unreact):
            assert refusal(change, bo, message.pk, text) == 400

    def test_who_writes_may_react_to_their_own(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        assert summary(react(user=ada, message_id=message.pk, emoji=THUMB))

    def test_raises_no_unread_count_and_moves_no_chat(self) -> None:
        ada, bo = make_pair()
        message, _newer = make_message(ada, bo), make_message(make_user(), ada)
        order = [chat.peer.id for chat in chats_of(ada)]
        [before] = chats_of(bo)
        react(user=ada, message_id=message.pk, emoji=THUMB)
        [after] = chats_of(bo)
        assert (after.unread_count, after.last_seq) == (before.unread_count, before.last_seq)
        assert [chat.peer.id for chat in chats_of(ada)] == order

    def test_of_two_at_once_none_is_lost(self, transactional_db: None) -> None:
        olga, abe, mia = make_user("Olga"), make_user("Abe"), make_user("Mia")
        group = make_group(olga, abe, mia)
        key = send_message(sender=olga, peer=group, text="Who comes?").record.id

        def both(person: User) -> None:
            react(user=person, message_id=key, emoji=THUMB)
            react(user=person, message_id=key, emoji=THUMB)

        at_once([partial(both, person) for person in (olga, abe, mia, olga)])
        [(emoji, count, people)] = summary(last(olga, group))
        assert (emoji, count, sorted(people)) == (THUMB, 3, sorted([olga.pk, abe.pk, mia.pk]))

    def test_what_the_same_request_stored_meanwhile_is_found(
        self, transactional_db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without transactions, the unique index is all that holds."""
        ada, bo = make_pair()
        message = make_message(ada, bo)
        change, calls = changes.change_messages, []

        def fails_once(*args: object) -> object:
            calls.append(args)
            if len(calls) == 1:
                raise IntegrityError
            return change(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(changes, "change_messages", fails_once)
        assert summary(react(user=bo, message_id=message.pk, emoji=THUMB)) == [(THUMB, 1, [bo.pk])]


class TestRefusals:
    def test_of_what_one_may_not_see_nothing_is_learnt(self) -> None:
        message = make_message()
        stranger = make_user()
        for key in (message.pk, new_key(), "nonsense", ""):
            for change in (react, unreact):
                assert refusal(change, stranger, key) == 404

    def test_of_deleted_and_system_messages(self, olga: User, group: str) -> None:
        key = send_message(sender=olga, peer=group, text="Hello").record.id
        react(user=olga, message_id=key, emoji=THUMB)
        delete_message(user=olga, message_id=key)
        system = Message.objects.get(conversation=group, seq=1)
        for change in (react, unreact):
            assert refusal(change, olga, key) == 409
            assert refusal(change, olga, system.pk) == 400

    def test_beyond_what_one_person_may(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        for emoji in MANY[:MAX_PER_PERSON]:
            react(user=bo, message_id=message.pk, emoji=emoji)
        assert refusal(react, bo, message.pk, MANY[MAX_PER_PERSON]) == 400
        react(user=bo, message_id=message.pk, emoji=MANY[0])
        unreact(user=bo, message_id=message.pk, emoji=MANY[0])
        react(user=bo, message_id=message.pk, emoji=MANY[MAX_PER_PERSON])

    def test_beyond_what_one_message_may(
        self, olga: User, abe: User, mia: User, group: str
    ) -> None:
        key = send_message(sender=olga, peer=group, text="Hello").record.id
        for number, emoji in enumerate(MANY[:DIFFERENT]):
            react(user=(olga, abe)[number % 2], message_id=key, emoji=emoji)
        assert refusal(react, mia, key, MANY[DIFFERENT]) == 400
        assert summary(react(user=mia, message_id=key, emoji=MANY[3]))[3][1] == 2

    def test_who_has_left_may_only_take_back(self, olga: User, mia: User, group: str) -> None:
        key = send_message(sender=olga, peer=group, text="Hello").record.id
        react(user=mia, message_id=key, emoji=THUMB)
        remove_member(user=olga, group=group, person=mia.pk)
        later = send_message(sender=olga, peer=group, text="Gone").record.id
        assert refusal(react, mia, key, HEART) == 403
        assert refusal(react, mia, later) == 404
        assert unreact(user=mia, message_id=key, emoji=THUMB).reactions is None

    def test_who_came_later_sees_neither_message_nor_reactions(
        self, olga: User, abe: User, group: str
    ) -> None:
        key = send_message(sender=olga, peer=group, text="Hello").record.id
        newcomer = make_user("Nia")
        add_members(user=olga, group=group, people=[newcomer.pk])
        assert refusal(react, newcomer, key) == 404

    def test_where_only_admins_write_everybody_reacts(
        self, olga: User, mia: User, group: str
    ) -> None:
        key = send_message(sender=olga, peer=group, text="News").record.id
        change_group(user=olga, group=group, posting="admins")
        assert summary(react(user=mia, message_id=key, emoji=THUMB)) == [(THUMB, 1, [mia.pk])]


class TestWhoIsTold:
    def test_both_hear_who_did_what_and_how_it_is_now(self, events: Events) -> None:
        ada, bo = make_pair()
        make_message(make_user(), make_user())
        message = make_message(ada, bo)
        events.clear()
        react(user=bo, message_id=message.pk, emoji=THUMB)
        told = events.data("reactionChanged")
        assert events.recipients("reactionChanged") == sorted(map(user_group, (ada.pk, bo.pk)))
        assert told == {
            "messageId": message.pk,
            "conversationId": message.conversation_id,
            "seq": 1,
            "personId": bo.pk,
            "emoji": THUMB,
            "added": True,
            "reactions": [{"emoji": THUMB, "count": 1, "people": [bo.pk]}],
            "updatedAt": last(ada, bo.pk).updated_at,
        }
        events.clear()
        unreact(user=bo, message_id=message.pk, emoji=THUMB)
        told = events.data("reactionChanged")
        assert (told["added"], told["reactions"]) == (False, [])
        assert len(events) == 2

    def test_in_a_group_whoever_may_see_the_message(
        self, events: Events, olga: User, abe: User, mia: User, group: str
    ) -> None:
        key = send_message(sender=olga, peer=group, text="Hello").record.id
        newcomer = make_user("Nia")
        add_members(user=olga, group=group, people=[newcomer.pk])
        remove_member(user=olga, group=group, person=mia.pk)
        events.clear()
        react(user=abe, message_id=key, emoji=THUMB)
        viewers_of = [olga.pk, abe.pk, mia.pk]
        assert events.recipients("reactionChanged") == sorted(map(user_group, viewers_of))

    def test_sync_tells_those_who_were_away(self) -> None:
        ada, bo = make_pair()
        first, _second = make_messages(ada, bo, 2)
        cursor = sync_cursor(ada)
        react(user=bo, message_id=first.pk, emoji=THUMB)
        changes = changes_since(ada, cursor)
        assert [each.id for each in changes.messages] == [first.pk]
        assert summary(changes.messages[0]) == [(THUMB, 1, [bo.pk])]
        assert changes_since(ada, changes.cursor).messages == []
        unreact(user=bo, message_id=first.pk, emoji=THUMB)
        [record] = changes_since(ada, changes.cursor).messages
        assert record.reactions is None

    def test_is_later_than_the_message_by_whatever_clock(self) -> None:
        message = make_message()
        sent_at = message.updated_at + timedelta(seconds=5)  # by a worker whose clock is ahead
        Message.objects.update(updated_at=sent_at)
        Conversation.objects.update(changed_at=sent_at)
        react(user=message.sender, message_id=message.pk, emoji=THUMB)
        assert Message.objects.get().updated_at > sent_at


class TestDeleting:
    def test_a_deleted_message_has_none_in_any_answer_until_it_is_restored(
        self, olga: User, abe: User, group: str
    ) -> None:
        cursor = sync_cursor(abe)
        key = send_message(sender=olga, peer=group, text="Hello").record.id
        react(user=abe, message_id=key, emoji=THUMB)
        message = Message.objects.select_related("conversation").get(pk=key)
        remove(message=message)
        chat = next(chat for chat in chats_of(abe) if chat.is_group)
        assert chat.last_message
        found = [last(abe, group), changes_since(abe, cursor).messages[-1], chat.last_message]
        assert [each.reactions for each in found] == [None] * 3
        assert reactions_page(olga, group, seq=message.seq, limit=9).reactors == []
        restore(message=message)
        assert summary(last(abe, group)) == [(THUMB, 1, [abe.pk])]

    def test_a_deleted_account_s_stay_in_groups_as_those_of_nobody_any_more(
        self, olga: User, mia: User, group: str
    ) -> None:
        key = send_message(sender=olga, peer=group, text="Hello").record.id
        seq = last(olga, group).seq
        react(user=mia, message_id=key, emoji=THUMB)
        mine, theirs = make_message(olga, mia), make_message(mia, olga)
        for message in (mine, theirs):
            react(user=mia, message_id=message.pk, emoji=THUMB)
            react(user=olga, message_id=message.pk, emoji=THUMB)
        gone = mia.pk
        mia.delete()
        [record] = [each for each in history(olga, group, before=None, limit=9) if each.id == key]
        assert summary(record) == [(THUMB, 1, [gone])]
        [reactor] = reactions_page(olga, group, seq=seq, limit=9).reactors
        assert (reactor.id, reactor.full_name) == (gone, "Deleted account")
        react(user=olga, message_id=key, emoji=THUMB)
        assert summary(unreact(user=olga, message_id=key, emoji=THUMB)) == summary(record)
        # What it wrote in direct chats is gone, and all reactions to that.
        assert not Reaction.objects.filter(message_id=theirs.pk).exists()

    def test_the_banned_s_stay_like_their_messages(self) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        react(user=bo, message_id=message.pk, emoji=THUMB)
        ban(user=bo, reason="spam")
        assert summary(last(ada, bo.pk)) == [(THUMB, 1, [bo.pk])]


class TestAThousandPeople:
    @pytest.fixture
    def message(self, olga: User, group: str) -> str:
        return send_message(sender=olga, peer=group, text="Hello").record.id

    def test_one_message_stays_light(self, olga: User, group: str, message: str) -> None:
        def reacted(person: User, emoji: str) -> tuple[int, int]:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                record = react(user=person, message_id=message, emoji=emoji)
            return len(queries), len(msgspec.json.encode(record))

        people = crowd(group, 1000)
        few, _bytes = reacted(olga, MANY[0])
        # One more, which looks for the reader's own reactions.
        for number, emoji in enumerate(MANY[:DIFFERENT]):
            react_all(message, people[number * 50 : number * 50 + 50], emoji)
        many, size = reacted(olga, MANY[1])
        assert many == few + 1
        record = last(olga, group)
        assert sum(each.count for each in decoded_reactions(record.reactions)) == 1002
        assert sum(len(each.people) for each in decoded_reactions(record.reactions)) == NAMED
        assert size < 3000

    def test_everybody_knows_their_own_from_each_answer(
        self, olga: User, abe: User, group: str, message: str
    ) -> None:
        cursor = sync_cursor(abe)
        react_all(message, crowd(group, NAMED))
        assert last(abe, group).reacted is None  # all are named
        react(user=abe, message_id=message, emoji=THUMB)
        [(_emoji, count, people)] = summary(last(abe, group))
        assert count == NAMED + 1
        assert abe.pk not in people
        for reader, own in ((abe, [THUMB]), (olga, [])):
            chat = next(chat for chat in chats_of(reader) if chat.is_group)
            assert chat.last_message
            [synced] = changes_since(reader, cursor).messages
            answered = unreact(user=reader, message_id=message, emoji=CRY)
            found = [last(reader, group), synced, chat.last_message, answered]
            assert [each.reacted for each in found] == [own] * 4

    def test_who_is_named_gives_way_to_the_next(self, olga: User, group: str, message: str) -> None:
        people = crowd(group, NAMED + 2)
        react_all(message, people)
        named = [person.pk for person in people[:NAMED]]
        assert summary(last(olga, group)) == [(THUMB, NAMED + 2, named)]
        record = unreact(user=people[0], message_id=message, emoji=THUMB)
        assert summary(record) == [
            (THUMB, NAMED + 1, [person.pk for person in people[1 : NAMED + 1]])
        ]
        assert record.reacted == []

    def test_all_of_them_come_in_pages(self, olga: User, group: str, message: str) -> None:
        people = crowd(group, 250)
        react_all(message, people)
        react(user=olga, message_id=message, emoji=HEART)
        seq = last(olga, group).seq
        found, cursor = [], ""
        with CaptureQueriesContext(connection) as queries:
            while True:
                page = reactions_page(olga, group, seq=seq, limit=100, cursor=cursor)
                found += page.reactors
                if not (cursor := page.cursor):
                    break
        assert [each.id for each in found] == [person.pk for person in people] + [olga.pk]
        assert found[7].full_name == "Crowd 7"
        assert len(queries) == 3 * 4
        hearts = reactions_page(olga, group, seq=seq, limit=100, emoji="❤")
        assert [(each.id, each.emoji) for each in hearts.reactors] == [(olga.pk, HEART)]

    def test_a_page_of_reactions_is_asked_for_as_one_of_texts(
        self, olga: User, abe: User, group: str
    ) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as asked:
                assert len(history(olga, group, before=None, limit=50)) == 50
            return len(asked)

        people = crowd(group, NAMED)
        keys = [send_message(sender=abe, peer=group, text="Hi").record.id for _ in range(50)]
        texts = queries()
        for key in keys:
            react_all(key, people)
        assert queries() == texts
        # Where somebody is left out, the reader's own are asked for, of all messages at once.
        for key in keys[:3]:
            react(user=abe, message_id=key, emoji=THUMB)
        assert queries() == texts + 1


def test_in_a_direct_chat_everybody_is_named() -> None:
    assert 2 * MAX_PER_PERSON <= NAMED


class TestWhoReacted:
    """The dialog of the page."""

    def test_shows_the_people_by_emoji_and_mine_to_take_back(self, page_for: PageFor) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        react(user=ada, message_id=message.pk, emoji="👍")
        react(user=bo, message_id=message.pk, emoji="🎉")
        client = page_for(bo)
        html = client.get(f"/chat/{ada.pk}/reactors?seq=1").content.decode()
        assert html.count('<li class="member">') == 2
        assert re.findall('data-take-back="(.)"', html) == ["🎉"]
        rows = client.get(f"/chat/{ada.pk}/reactors?seq=1&emoji=👍").content.decode()
        assert rows.count('<li class="member">') == 1
        assert "<h2" not in rows
        assert ada.full_name in rows

    def test_has_everybody_in_pages(self, page_for: PageFor) -> None:
        ada = make_user()
        people = [make_user(f"Person {number}") for number in range(60)]
        group = make_group(ada, *people)
        message = send_message(sender=ada, peer=group, text="Hello").record
        for each in people:
            react(user=each, message_id=message.id, emoji="👍")
        client, path = page_for(ada), f"/chat/{group}/reactors?seq={message.seq}"
        first = client.get(path).content.decode()
        assert first.count('<li class="member">') == 50
        assert "<span>60</span>" in first
        [more] = re.findall(r'hx-get="([^"]+cursor=[^"]+)"', first)
        assert client.get(more.replace("&amp;", "&")).content.decode().count("<li") == 10

    def test_is_not_there_for_others(self, page_for: PageFor, client: Client) -> None:
        ada, bo, cy = make_user(), make_user("Bo Okonkwo"), make_user("Cy Weber")
        group = make_group(ada, bo)
        message = send_message(sender=ada, peer=bo.pk, text="Hello").record
        react(user=bo, message_id=message.id, emoji="👍")
        stranger = page_for(cy)
        for path in (f"{bo.pk}/reactors?seq=1", f"{group}/reactors?seq=1"):
            assert stranger.get(f"/chat/{path}").status_code == 404
            assert client.get(f"/chat/{path}").status_code == 302
        for query in ("", "?seq=x", "?seq=9", "?seq=1&emoji=no", "?seq=1&emoji=&cursor=no"):
            assert page_for(ada).get(f"/chat/{bo.pk}/reactors{query}").status_code == 404
