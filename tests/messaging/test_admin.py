"""Moderation of messages: seen only when looked for, every look recorded, changes live."""

import io
import re
from collections.abc import Callable

import pytest
from django.test import Client
from PIL import Image

from accounts.models import AuditEntry, User
from messaging.models import Message, saved_key
from messaging.recipients import user_group
from messaging.services.edits import edit_message
from messaging.services.groups import add_members, change_group, remove_member, set_role
from messaging.services.messages import send_message
from messaging.services.reactions import react
from tests.factories import make_group, make_message, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
MESSAGES = "/admin/messaging/message/"
GROUPS = "/admin/messaging/group/"
SECRET = "the ladder is behind the shed"


@pytest.fixture
def jonas() -> User:
    return make_user("Jonas Weber")


@pytest.fixture
def layla() -> User:
    return make_user("Layla Haddad")


@pytest.fixture
def message(jonas: User, layla: User) -> Message:
    return make_message(jonas, layla, SECRET)


@pytest.fixture
def moderator(page_for: PageFor) -> Client:
    return page_for(make_user("Mo Derator", role="admin"))


def act(name: str, message: Message) -> str:
    return f"{MESSAGES}{message.pk}/act/{name}/"


def found(page: Client, **search: str) -> list[Message]:
    return list(page.get(MESSAGES, search).context["cl"].result_list)


def done() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("what", flat=True))


def test_nothing_shows_before_a_search(moderator: Client, message: Message) -> None:
    assert found(moderator) == []
    assert found(moderator, q=" ", person=" ") == []
    assert found(moderator, deleted__exact="0") == []
    assert done() == []


def test_messages_are_found_by_words(moderator: Client, message: Message) -> None:
    make_message(text="nothing of interest")
    assert found(moderator, q="LADDER") == [message]
    assert done() == ["Searched for “LADDER”"]


@pytest.mark.parametrize("person", ["jonas", "Layla Haddad"])
def test_messages_are_found_by_who_wrote_or_got_them(
    moderator: Client, message: Message, person: str
) -> None:
    make_message(text="of others")
    assert found(moderator, person=person) == [message]
    assert done() == [f"Searched, person “{person}”"]


def test_words_and_person_narrow_each_other(moderator: Client, message: Message) -> None:
    make_message(text="another ladder")
    make_message(message.sender, make_user(), "no tools at all")
    assert found(moderator, q="ladder", person=message.sender.email) == [message]


@pytest.mark.parametrize("person", ["nobody of that name", "\x00", "a\x00b"])
def test_unknown_person_has_no_messages(moderator: Client, message: Message, person: str) -> None:
    assert found(moderator, person=person) == []


def test_list_shows_no_text(moderator: Client, message: Message) -> None:
    html = moderator.get(MESSAGES, {"q": "ladder"}).content.decode()
    assert "Jonas Weber" in html
    assert SECRET not in html


@pytest.mark.parametrize("lookup", ["text__startswith", "sender__password__startswith"])
def test_texts_cannot_be_guessed_past_the_record(
    moderator: Client, message: Message, lookup: str
) -> None:
    assert moderator.get(MESSAGES, {"q": "e", lookup: "the"}).status_code == 400


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_search_is_recorded_whatever_the_method(
    moderator: Client, message: Message, method: str
) -> None:
    getattr(moderator, method)(f"{MESSAGES}?q=shed&person=layla")
    assert done() == ["Searched for “shed”, person “layla”"]


def test_search_is_recorded_when_an_action_asks_for_it(moderator: Client, message: Message) -> None:
    data = {"action": "remove_selected", "index": "0", "_selected_action": message.pk}
    moderator.post(f"{MESSAGES}?q=no such words", data)
    assert done() == ["Searched for “no such words”"]


@pytest.mark.parametrize("model", ["conversation/last_message", "message/sender"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_is_searched_by_autocompletion(
    moderator: Client, message: Message, method: str, model: str
) -> None:
    model_name, field_name = model.split("/")
    query = f"app_label=messaging&model_name={model_name}&field_name={field_name}&term=x&q=shed"
    response = getattr(moderator, method)(f"/admin/autocomplete/?{query}")
    assert response.status_code == 404
    assert message.pk not in response.content.decode()


def test_filters_count_no_messages(moderator: Client, message: Message) -> None:
    page = moderator.get(MESSAGES, {"q": "ladder", "_facets": "True"})
    assert "(1)" not in page.content.decode()


def test_opening_shows_the_text_and_is_recorded(moderator: Client, message: Message) -> None:
    html = moderator.get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert SECRET in html
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.what) == ("Mo Derator", "Opened")
    assert entry.name == "\u2068Jonas Weber\u2069 to \u2068Layla Haddad\u2069, number 1"


def test_reactions_are_shown_beside_a_message(
    moderator: Client, message: Message, jonas: User, layla: User
) -> None:
    empty = moderator.get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert "👍" not in empty
    react(user=layla, message_id=message.pk, emoji="👍")
    react(user=jonas, message_id=message.pk, emoji="👍")
    moderator.post(act("remove", message))
    html = moderator.get(f"{MESSAGES}{message.pk}/change/").content.decode()
    _before, _mark, shown = html.partition("👍 2")
    assert shown.index("Layla Haddad") < shown.index("Jonas Weber")


def test_text_is_shown_as_text(moderator: Client, jonas: User, layla: User) -> None:
    script = make_message(jonas, layla, "<script>alert(1)</script>")
    html = moderator.get(f"{MESSAGES}{script.pk}/change/").content.decode()
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_picture_of_a_deleted_message_can_be_seen(
    moderator: Client, jonas: User, layla: User
) -> None:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "orange").save(data, "PNG")
    message = make_message(jonas, layla, "", image=data.getvalue())
    moderator.post(act("remove", message))
    html = moderator.get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert 'src="data:image/webp;base64,' in html


def test_delete_reaches_the_two_and_nobody_else(
    events: Events, moderator: Client, message: Message, jonas: User, layla: User
) -> None:
    events.clear()
    moderator.post(act("remove", message))
    message.refresh_from_db()
    assert message.deleted
    assert events.recipients("messageDeleted") == sorted(
        [user_group(jonas.pk), user_group(layla.pk)]
    )
    assert len(events) == 2
    assert done() == ["Deleted"]


def test_restore_brings_the_message_back_live(
    events: Events, moderator: Client, message: Message, jonas: User, layla: User
) -> None:
    moderator.post(act("remove", message))
    events.clear()
    moderator.post(act("restore", message))
    message.refresh_from_db()
    assert not message.deleted
    assert events.recipients("messageRestored") == sorted(
        [user_group(jonas.pk), user_group(layla.pk)]
    )
    assert events.data("messageRestored")["text"] == SECRET
    assert done() == ["Deleted", "Restored"]


def test_what_has_lost_all_it_said_is_not_restored(
    events: Events, moderator: Client, message: Message
) -> None:
    moderator.post(act("remove", message))
    Message.objects.filter(pk=message.pk).update(text="")  # files alone, which are gone by now
    events.clear()
    moderator.post(act("restore", message))
    moderator.post(
        MESSAGES, {"_selected_action": [message.pk], "index": "0", "action": "restore_selected"}
    )
    assert len(events) == 0
    assert Message.objects.get(pk=message.pk).deleted


def test_deleting_twice_is_one_event_and_one_record(
    events: Events, moderator: Client, message: Message
) -> None:
    events.clear()
    moderator.post(act("remove", message))
    moderator.post(act("remove", message))
    assert len(events) == 2
    assert done() == ["Deleted"]


@pytest.mark.parametrize("role", ["admin", "owner"])
def test_what_those_beside_and_above_wrote_is_not_deleted(
    moderator: Client, layla: User, role: str
) -> None:
    """Neither alone nor among others; what moderators wrote is."""
    theirs = make_message(make_user("Olga", role=role), layla, "ladder")
    of_moderator = make_message(make_user("Mia", role="moderator"), layla, "ladder")
    moderator.post(act("remove", theirs))
    keys = [theirs.pk, of_moderator.pk]
    data = {"_selected_action": keys, "index": "0", "action": "remove_selected"}
    moderator.post(f"{MESSAGES}?q=ladder", data)
    deleted = Message.objects.filter(deleted=True)
    assert list(deleted.values_list("pk", flat=True)) == [of_moderator.pk]


def test_several_messages_are_deleted_and_restored_at_once(
    moderator: Client, jonas: User, layla: User
) -> None:
    keys = [make_message(jonas, layla, f"ladder {n}").pk for n in range(2)]
    data = {"_selected_action": keys, "index": "0"}
    moderator.post(f"{MESSAGES}?q=ladder", data | {"action": "remove_selected"})
    assert Message.objects.filter(deleted=True).count() == 2
    moderator.post(f"{MESSAGES}?q=ladder", data | {"action": "restore_selected"})
    assert Message.objects.filter(deleted=True).count() == 0
    assert [what for what in done() if not what.startswith("Searched")] == [
        *["Deleted"] * 2,
        *["Restored"] * 2,
    ]


def test_no_record_quotes_a_message(moderator: Client, message: Message) -> None:
    moderator.get(f"{MESSAGES}{message.pk}/change/")
    moderator.post(act("remove", message))
    moderator.post(act("restore", message))
    for entry in AuditEntry.objects.all():
        assert "ladder" not in entry.what + entry.name


def test_messages_are_not_added_edited_or_erased(page_for: PageFor, message: Message) -> None:
    page = page_for(make_user(role="owner"))
    assert page.get(f"{MESSAGES}add/").status_code == 403
    assert page.post(f"{MESSAGES}{message.pk}/change/", {"text": "forged"}).status_code == 403
    assert page.post(f"{MESSAGES}{message.pk}/delete/", {"post": "yes"}).status_code == 403
    message.refresh_from_db()
    assert message.text == SECRET


def test_plain_people_and_visitors_see_and_change_nothing(
    page_for: PageFor, message: Message
) -> None:
    for client in (Client(), page_for(make_user()), page_for(message.sender)):
        for path in (f"{MESSAGES}?q=ladder", f"{MESSAGES}{message.pk}/change/"):
            assert client.get(path).status_code == 302
        assert client.post(act("remove", message)).status_code == 302
    message.refresh_from_db()
    assert not message.deleted
    assert done() == []


def test_link_cannot_delete(moderator: Client, message: Message) -> None:
    assert moderator.get(act("remove", message)).status_code == 405
    message.refresh_from_db()
    assert not message.deleted


def test_unknown_message_is_not_found(moderator: Client) -> None:
    assert moderator.post(f"{MESSAGES}{'0' * 24}/act/remove/").status_code == 404
    assert moderator.post(f"{MESSAGES}x/act/remove/").status_code == 404


class TestGroups:
    @pytest.fixture
    def group(self, jonas: User, layla: User) -> str:
        return make_group(jonas, layla, title="Shed owners")

    @pytest.fixture
    def secret(self, jonas: User, group: str) -> Message:
        sent = send_message(sender=jonas, peer=group, text=SECRET)
        return Message.objects.get(pk=sent.record.id)

    def groups(self, page: Client, **search: str) -> list[str]:
        return [each.pk for each in page.get(GROUPS, search).context["cl"].result_list]

    def test_are_listed_without_direct_chats(
        self, moderator: Client, message: Message, group: str
    ) -> None:
        assert self.groups(moderator) == [group]
        assert self.groups(moderator, q="SHED") == [group]
        assert self.groups(moderator, q=group) == [group]
        for words in ("others", message.conversation_id):
            assert self.groups(moderator, q=words) == []
        assert moderator.get(f"{GROUPS}{message.conversation_id}/change/").status_code == 302

    def test_opening_shows_who_is_in_it_and_is_recorded(
        self, moderator: Client, jonas: User, layla: User, group: str, secret: Message
    ) -> None:
        change_group(user=jonas, group=group, description="<b>Who</b> owns one")
        zoe, ann = make_user("Zoe Past"), make_user("Ann Admin")
        for person in (zoe, ann):
            add_members(user=jonas, group=group, people=[person.pk])
        remove_member(user=jonas, group=group, person=zoe.pk)
        set_role(user=jonas, group=group, person=ann.pk, role="admin")
        html = moderator.get(f"{GROUPS}{group}/change/").content.decode()
        assert "&lt;b&gt;Who&lt;/b&gt;" in html
        rows = re.findall(r"<li><a [^>]*><bdi>\u2068(.*?)\u2069</bdi></a> · (.*?)</li>", html)
        assert rows == [
            ("Ann Admin", "admin"),
            ("Jonas Weber", "owner"),
            ("Layla Haddad", "member"),
            ("Zoe Past", "has left"),
        ]
        assert SECRET not in html
        entry = AuditEntry.objects.get()
        assert (entry.what, entry.key) == ("Opened", group)
        assert entry.name == "\u2068Shed owners\u2069"

    @pytest.mark.parametrize("words", ["shed", "{key}"])
    def test_have_messages_that_are_found_and_recorded(
        self, moderator: Client, message: Message, group: str, secret: Message, words: str
    ) -> None:
        search = words.format(key=group)
        assert found(moderator, group=search, q="ladder") == [secret]
        assert len(found(moderator, group=search)) == 2
        assert done() == [
            f"Searched for “ladder”, group “{search}”",
            f"Searched, group “{search}”",
        ]

    def test_that_are_unknown_have_no_messages(self, moderator: Client, secret: Message) -> None:
        for group in ("nobody's", "\x00", "0" * 24, secret.sender_id):
            assert found(moderator, group=group) == []

    def test_have_messages_that_name_them_and_lead_to_them(
        self, moderator: Client, group: str, secret: Message
    ) -> None:
        assert "Shed owners" in moderator.get(MESSAGES, {"group": group}).content.decode()
        html = moderator.get(f"{MESSAGES}{secret.pk}/change/").content.decode()
        assert SECRET in html
        assert f"{GROUPS}{group}/change/" in html
        assert AuditEntry.objects.latest("number").name == (
            "\u2068Jonas Weber\u2069 to \u2068Shed owners\u2069, number 2"
        )

    def test_are_not_what_somebody_saved(self, moderator: Client, jonas: User, group: str) -> None:
        saved = send_message(sender=jonas, peer=saved_key(jonas.pk), text=SECRET).record
        assert self.groups(moderator) == [group]
        assert self.groups(moderator, q=saved.receiver_id) == []
        assert moderator.get(f"{GROUPS}{saved.receiver_id}/change/").status_code == 302
        assert found(moderator, group=saved.receiver_id) == []
        assert [each.pk for each in found(moderator, person=jonas.pk, q="ladder")] == [saved.id]
        html = moderator.get(f"{MESSAGES}{saved.id}/change/").content.decode()
        assert SECRET in html
        assert f"{GROUPS}{saved.receiver_id}" not in html
        assert done()[-2:] == [f"Searched for “ladder”, person “{jonas.pk}”", "Opened"]
        assert AuditEntry.objects.latest("number").name == (
            "\u2068Jonas Weber\u2069 to Saved messages, number 1"
        )

    def test_have_system_messages_that_say_what_they_tell(
        self, moderator: Client, group: str
    ) -> None:
        created = Message.objects.get(conversation=group)
        html = moderator.get(f"{MESSAGES}{created.pk}/change/").content.decode()
        assert "created the group" in html

    def test_keep_what_a_deleted_account_wrote(
        self, moderator: Client, jonas: User, group: str, secret: Message
    ) -> None:
        jonas.delete()
        assert "Deleted account" in moderator.get(MESSAGES, {"q": "ladder"}).content.decode()
        html = moderator.get(f"{MESSAGES}{secret.pk}/change/").content.decode()
        assert "Deleted account" in html
        assert SECRET in html

    def test_a_deleted_message_of_one_is_taken_from_who_sees_it(
        self, events: Events, moderator: Client, jonas: User, layla: User, group: str
    ) -> None:
        remove_member(user=jonas, group=group, person=layla.pk)
        sent = send_message(sender=jonas, peer=group, text=SECRET)
        events.clear()
        moderator.post(act("remove", Message.objects.get(pk=sent.record.id)))
        assert events.recipients("messageDeleted") == [user_group(jonas.pk)]

    def test_are_not_added_edited_or_erased(self, page_for: PageFor, group: str) -> None:
        page = page_for(make_user(role="owner"))
        assert page.get(f"{GROUPS}add/").status_code == 403
        assert page.post(f"{GROUPS}{group}/change/", {"title": "forged"}).status_code == 403
        assert page.post(f"{GROUPS}{group}/delete/", {"post": "yes"}).status_code == 403

    def test_are_for_moderators_alone(self, page_for: PageFor, jonas: User, group: str) -> None:
        for client in (Client(), page_for(jonas)):
            for path in (GROUPS, f"{GROUPS}{group}/change/"):
                assert client.get(path).status_code == 302
        assert done() == []

    def test_titles_cannot_be_a_way_past_the_record(self, moderator: Client, group: str) -> None:
        lookup = {"memberships__user__email__startswith": "p"}
        assert moderator.get(GROUPS, lookup).status_code == 400


def test_a_message_shows_what_it_said_before_it_was_edited(
    moderator: Client, message: Message, jonas: User
) -> None:
    url = f"{MESSAGES}{message.pk}/change/"
    assert moderator.get(url).content.decode().count("<li>") == 1  # its history
    edit_message(user=jonas, message_id=message.pk, text="<b>it</b> is")
    edit_message(user=jonas, message_id=message.pk, text="nothing to see")
    html = moderator.get(url).content.decode()
    assert "nothing to see" in html
    assert re.findall(
        r'· <a [^>]*>.*?</a><div class="words" dir="auto">(.*?)</div></li>', html
    ) == [
        SECRET,
        "&lt;b&gt;it&lt;/b&gt; is",
    ]


def test_message_to_an_account_that_is_gone_can_be_looked_at(
    moderator: Client, message: Message, layla: User
) -> None:
    layla.delete()
    html = moderator.get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert SECRET in html
    assert "Deleted account" in html
