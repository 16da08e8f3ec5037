"""What several people do to one group at the same instant: one right outcome each."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import chain, count
from threading import Thread
from typing import Any

import pytest
from django.db import connections

from accounts.models import User
from accounts.services.deletion import plan_deletion
from accounts.services.sessions import end_other_sessions
from chatsite.errors import Busy, DomainError
from chatsite.fastpath.database_calls import DatabaseCall
from messaging.models import Conversation, Membership, Message, Role
from messaging.queries.history import history
from messaging.services import account_deletion, groups
from messaging.services.batches import SendWrite
from messaging.services.drafts import new_draft
from messaging.services.groups import (
    add_members,
    change_group,
    create_group,
    remove_member,
    set_role,
)
from messaging.services.messages import send_message
from tests.concurrency import at_once
from tests.factories import make_group, make_user
from tests.messaging.sends import Sender, done

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4


def outcome(call: Callable[[], object]) -> int:
    """200, or the status of the refusal."""
    try:
        call()
    except DomainError as error:
        return error.status
    return 200


def outcomes(*calls: Callable[[], object]) -> list[int]:
    return at_once([partial(outcome, call) for call in calls])


def there(group: str) -> dict[str, str]:
    """The roles of those who are in it, by key."""
    members = Membership.objects.filter(conversation=group, until_seq=None)
    return dict(members.values_list("user_id", "role"))


def told(group: str) -> list[str]:
    """What the messages tell, in order; "" of those that people wrote."""
    messages = Message.objects.filter(conversation=group).order_by("seq")
    return [json.loads(each.details)["event"] if each.details else "" for each in messages]


def assert_whole(group: str) -> None:
    """No gap, no pair, one owner at the most, and nobody sees what they must not."""
    conversation = Conversation.objects.get(pk=group)
    seqs = list(
        Message.objects.filter(conversation=group).order_by("seq").values_list("seq", flat=True)
    )
    assert seqs == list(range(1, conversation.last_seq + 1))
    members = there(group)
    assert conversation.member_count == len(members)
    owners = Counter(members.values())[Role.OWNER]
    assert owners == bool(members)
    for membership in Membership.objects.filter(conversation=group).select_related("user"):
        seen = [each.seq for each in history(membership.user, group, before=None, limit=1000)]
        end = membership.until_seq or conversation.last_seq
        if not membership.earlier_stays:
            assert seen == list(range(membership.since_seq + 1, end + 1))
        assert membership.last_read_seq <= end


def test_one_request_that_comes_several_times_makes_one_group(olga: User, abe: User) -> None:
    for number in range(ROUNDS):
        create = partial(create_group, user=olga, title="Trip", people=[abe.pk])
        made = at_once([partial(create, client_group_id=f"trip-{number}")] * 6)
        assert len({each.group.pk for each in made}) == 1
        assert [each.created for each in made].count(True) == 1
        assert_whole(made[0].group.pk)
    assert Conversation.objects.count() == ROUNDS


def test_two_who_add_the_same_person_add_them_once(olga: User, abe: User, group: str) -> None:
    for _round in range(ROUNDS):
        zoe, yan = make_user("Zoe"), make_user("Yan")
        add = partial(add_members, group=group, people=[zoe.pk, yan.pk])
        assert outcomes(*[partial(add, user=user) for user in (olga, abe) * 3]) == [200] * 6
        assert Membership.objects.filter(user__in=[zoe, yan]).count() == 2
    assert told(group).count("added") == ROUNDS
    assert_whole(group)


def test_two_who_add_the_same_person_again_bring_them_back_once(
    olga: User, abe: User, mia: User, group: str
) -> None:
    remove_member(user=olga, group=group, person=mia.pk)
    add = partial(add_members, group=group, people=[mia.pk])
    assert outcomes(*[partial(add, user=user) for user in (olga, abe) * 3]) == [200] * 6
    assert told(group).count("added") == 1
    assert Membership.objects.get(user=mia).earlier_stays == "[[0,3]]"
    assert_whole(group)


def test_a_group_gets_no_more_members_than_it_may_have(
    olga: User, abe: User, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.services.groups.MEMBERS", 5)
    people = [make_user(f"P{number}") for number in range(6)]
    calls = [partial(add_members, user=olga, group=group, people=[each.pk]) for each in people]
    assert sorted(outcomes(*calls)) == [200, 200, 400, 400, 400, 400]
    assert_whole(group)


def test_one_leaves_while_they_send(olga: User, mia: User, group: str) -> None:
    """Whatever came before the leaving is sent, whatever came after it is 403."""
    sends = [partial(send_message, sender=mia, peer=group, text=f"{n}") for n in range(6)]
    results = outcomes(*sends, partial(remove_member, user=mia, group=group, person=mia.pk))
    assert results.pop() == 200
    assert set(results) <= {200, 403}
    events = told(group)
    last = events.index("left")
    assert events[last + 1 :] == []
    assert events.count("") == results.count(200)
    assert_whole(group)


def test_one_leaves_while_others_send(olga: User, abe: User, mia: User, group: str) -> None:
    """They see what came before it, and nothing later."""
    sends = [partial(send_message, sender=abe, peer=group, text=f"{n}") for n in range(6)]
    leave = partial(remove_member, user=mia, group=group, person=mia.pk)
    assert outcomes(*sends[:3], leave, *sends[3:]) == [200] * 7
    end = Membership.objects.get(user=mia).until_seq
    assert told(group)[int(end or 0) - 1] == "left"
    assert_whole(group)


def test_removal_while_messages_come_ends_where_it_says(
    olga: User, abe: User, mia: User, group: str
) -> None:
    sends = [
        partial(send_message, sender=sender, peer=group, text=f"{n}")
        for n in range(3)
        for sender in (abe, mia)
    ]
    removals = [
        partial(remove_member, user=user, group=group, person=mia.pk) for user in (olga, abe)
    ]
    results = outcomes(*sends, *removals)
    assert results[-2:] == [200, 200]
    assert told(group).count("removed") == 1
    assert_whole(group)


def test_removal_while_batches_come_refuses_only_who_is_removed(
    sends: Sender, olga: User, abe: User, mia: User
) -> None:
    people, texts = (mia, olga, mia, abe) * 2, map(str, count())

    def batch(group: str) -> list[DatabaseCall]:
        calls = []
        for each in people:
            draft = new_draft(sender_id=each.pk, receiver_id=group, text=next(texts))
            sending = SendWrite(draft=draft, respond=lambda sent: sent.record)
            calls.append(sends.call(sending, draft.conversation))
        return calls

    def remove(group: str) -> list[Any]:
        remove_member(user=olga, group=group, person=mia.pk)
        return []

    for _round in range(ROUNDS):
        group = make_group(olga, abe, mia)
        batches = [partial(done, batch(group)) for _batch in range(3)]
        answers = at_once([*batches[:2], partial(remove, group), batches[2]])
        late = done(batch(group))
        end = 1 + told(group).index("removed")
        sent = []
        for writer, answer in zip(people * 4, [*chain(*answers), *late], strict=True):
            if isinstance(answer, DomainError):
                assert (writer, answer.status) == (mia, 403)
            else:
                assert writer != mia or answer.seq < end
                sent.append((answer.seq, writer.pk, answer.text))
        assert [isinstance(each, DomainError) for each in late] == [True, False] * 4
        written = Message.objects.filter(conversation=group, details="").order_by("seq")
        assert sorted(sent) == list(written.values_list("seq", "sender_id", "text"))
        seen = history(mia, group, before=None, limit=1000)
        assert [each.seq for each in seen] == list(range(1, end + 1))
        assert_whole(group)


def test_removal_and_return_at_once_are_one_after_the_other(
    olga: User, abe: User, mia: User, group: str
) -> None:
    assert outcomes(
        partial(remove_member, user=olga, group=group, person=mia.pk),
        partial(add_members, user=abe, group=group, people=[mia.pk]),
    ) == [200, 200]
    assert told(group)[2:] in (["removed"], ["removed", "added"])
    assert (mia.pk in there(group)) == (told(group)[-1] == "added")
    assert_whole(group)


def test_all_leave_at_once(olga: User, abe: User, mia: User, group: str) -> None:
    leave = [
        partial(remove_member, user=user, group=group, person=user.pk) for user in (olga, abe, mia)
    ]
    assert outcomes(*leave) == [200] * 3
    assert there(group) == {}
    assert told(group).count("left") == 3
    assert_whole(group)


def test_the_last_two_leave_at_once(olga: User, abe: User) -> None:
    for _round in range(ROUNDS):
        group = make_group(olga, abe)
        leave = [
            partial(remove_member, user=user, group=group, person=user.pk) for user in (olga, abe)
        ]
        assert outcomes(*leave) == [200] * 2
        assert there(group) == {}
        assert_whole(group)


def test_handing_over_while_the_heir_leaves(olga: User, abe: User, mia: User) -> None:
    """Either they left before, and cannot be the owner, or they were the owner when they left."""
    for _round in range(ROUNDS):
        group = make_group(olga, abe, mia)
        handed, left = outcomes(
            partial(set_role, user=olga, group=group, person=abe.pk, role="owner"),
            partial(remove_member, user=abe, group=group, person=abe.pk),
        )
        assert (handed in (200, 404), left) == (True, 200)
        assert there(group)[olga.pk] == Role.OWNER  # again, as the admin who follows
        assert abe.pk not in there(group)
        assert_whole(group)


def test_handing_over_while_the_owner_leaves(olga: User, abe: User, mia: User) -> None:
    """From another device of theirs."""
    for _round in range(ROUNDS):
        group = make_group(olga, abe, mia)
        handed, left = outcomes(
            partial(set_role, user=olga, group=group, person=mia.pk, role="owner"),
            partial(remove_member, user=olga, group=group, person=olga.pk),
        )
        assert (handed in (200, 403), left) == (True, 200)
        assert there(group)[mia.pk if handed == 200 else abe.pk] == Role.OWNER
        assert_whole(group)


def test_handing_over_to_two_makes_one_owner(olga: User, abe: User, mia: User, group: str) -> None:
    hand = partial(set_role, user=olga, group=group, role="owner")
    results = outcomes(partial(hand, person=abe.pk), partial(hand, person=mia.pk))
    assert sorted(results) == [200, 403]
    assert there(group)[olga.pk] == Role.ADMIN
    assert_whole(group)


def test_two_admins_who_lose_their_role_meanwhile(
    olga: User, abe: User, mia: User, group: str
) -> None:
    """What an admin may do is decided when it is done."""
    demoted, renamed = outcomes(
        partial(set_role, user=olga, group=group, person=abe.pk, role="member"),
        partial(change_group, user=abe, group=group, title="Abe's"),
    )
    assert demoted == 200
    assert told(group)[2:] == (["renamed", "demoted"] if renamed == 200 else ["demoted"])
    assert renamed in (200, 403)
    assert_whole(group)


def test_changes_at_once_are_all_told(olga: User, abe: User, group: str) -> None:
    titles = [f"Title {number}" for number in range(6)]
    calls = [
        partial(change_group, user=user, group=group, title=title)
        for user, title in zip((olga, abe) * 3, titles, strict=True)
    ]
    assert outcomes(*calls) == [200] * 6
    assert told(group).count("renamed") == 6
    last = Message.objects.filter(conversation=group).order_by("-seq")[0]
    assert Conversation.objects.get(pk=group).title in last.details
    assert_whole(group)


@pytest.mark.sql_only("an account is deleted in no transaction there")
def test_an_account_is_deleted_while_it_is_added(olga: User, group: str) -> None:
    """Either it has left again, or it is not there to be added; 503 says to try again."""
    for _round in range(ROUNDS):
        zoe = make_user("Zoe")
        key = zoe.pk
        add = partial(add_members, user=olga, group=group, people=[key])
        _deleted, added = outcomes(zoe.delete, add)
        assert added in (200, 400, 503)
        assert not User.objects.filter(pk=key).exists()
        assert added != 200 or told(group)[-1] == "left"
        assert key not in there(group)
        assert_whole(group)


@pytest.mark.sql_only("an account is deleted in no transaction there")
def test_an_account_is_deleted_while_it_sends(olga: User, abe: User, group: str) -> None:
    """What was sent before stays, what comes after finds no such group."""
    sends = [partial(send_message, sender=olga, peer=group, text=f"{n}") for n in range(4)]
    _deleted, *results = outcomes(olga.delete, *sends)
    assert set(results) <= {200, 404, 503}
    events = told(group)
    assert events[-2:] == ["handedOver", "left"]
    assert events.count("") == results.count(200)
    assert there(group)[abe.pk] == Role.OWNER
    assert_whole(group)


@pytest.mark.sql_only("an account is deleted in no transaction there")
def test_all_accounts_but_one_are_deleted_at_once(
    olga: User, abe: User, mia: User, group: str
) -> None:
    outcomes(olga.delete, abe.delete)
    assert there(group) == {mia.pk: Role.OWNER}
    assert_whole(group)


def due(user: User) -> str:
    """Whose account is to be deleted now. Its key."""
    plan_deletion(user=user, removes_messages=False, grace=timedelta())
    return user.pk


def close(user: str) -> None:
    """As the job does, until it is done."""
    while True:
        try:
            account_deletion.delete_account(user=user, is_stopping=lambda: False)
        except Busy:
            continue
        return


def assert_gone(user: str, group: str) -> None:
    assert User.objects.get(pk=user).deleted_at
    assert not Membership.objects.filter(conversation=group, user=user).exists()
    assert_whole(group)


class Meanwhile:
    """Runs a call in a thread from the middle of another, which goes on while it waits."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self.outcomes: list[int] = []
        self._thread = Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.outcomes.append(outcome(self._call))
        finally:
            connections.close_all()

    def begin(self) -> None:
        self._thread.start()
        self._thread.join(0.2)  # where nothing keeps it, it is done by then

    def end(self) -> int:
        self._thread.join()
        [status] = self.outcomes
        return status


@pytest.mark.parametrize("is_new", [False, True])
def test_an_account_is_closed_once_it_is_known_to_be_there(
    olga: User, group: str, is_new: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That waits until it is in the group, which it leaves then as any other."""
    zoe = due(make_user("Zoe"))
    closing, join = Meanwhile(partial(close, zoe)), groups._join

    def close_and_join(*args: Any, **kwargs: Any) -> list[User]:
        closing.begin()
        return join(*args, **kwargs)

    monkeypatch.setattr(groups, "_join", close_and_join)
    if is_new:
        group = create_group(user=olga, title="Trip", people=[zoe]).group.pk
    else:
        add_members(user=olga, group=group, people=[zoe])
    assert closing.end() == 200
    assert told(group)[-2:] == ["created" if is_new else "added", "left"]
    assert_gone(zoe, group)


def test_nobody_is_added_while_the_account_is_closed(
    olga: User, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = due(make_user("Zoe"))
    adding = Meanwhile(partial(add_members, user=olga, group=group, people=[zoe]))

    def add_and_end(**which: Any) -> None:
        adding.begin()
        end_other_sessions(**which)

    monkeypatch.setattr("accounts.services.deletion.end_other_sessions", add_and_end)
    close(zoe)
    assert adding.end() in (400, 503)  # 503: it has waited for too long
    assert told(group)[-1] != "added"
    assert_gone(zoe, group)


def test_accounts_are_closed_while_they_are_added_and_removed(
    olga: User, abe: User, group: str
) -> None:
    for _round in range(ROUNDS):
        zoe, yan = due(make_user("Zoe")), due(make_user("Yan"))
        other = make_group(abe, olga)
        results = outcomes(
            partial(add_members, user=olga, group=group, people=[zoe, yan]),
            partial(add_members, user=abe, group=other, people=[yan, zoe]),
            partial(close, zoe),
            partial(remove_member, user=olga, group=group, person=zoe),
            partial(close, yan),
        )
        assert (results[2], results[4]) == (200, 200)
        assert {*results[:2]} <= {200, 400, 503}
        assert results[3] in (200, 404, 503)
        for key in (group, other):
            assert not Membership.objects.filter(conversation=key, user__in=[zoe, yan]).exists()
            assert_whole(key)


def test_an_account_that_was_added_after_all_leaves_as_any_other(
    olga: User, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it may be without transactions."""
    zoe = due(make_user("Zoe"))
    add_members(user=olga, group=group, people=[zoe])
    monkeypatch.setattr(account_deletion, "leave_all", lambda _person: None)
    close(zoe)
    assert told(group)[-1] == "left"
    assert_gone(zoe, group)
