"""Previews of links: when one comes, who sees it, and when it goes."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.link_previews import fetching
from chatsite.pictures import images, storage
from messaging.models import Conversation, Message
from messaging.queries.history import history
from messaging.queries.sync import changes_since, sync_cursor
from messaging.recipients import user_group
from messaging.services import link_previews
from messaging.services.blocks import block
from messaging.services.disappearing import let_disappear
from messaging.services.drafts import new_draft
from messaging.services.edits import edit_message
from messaging.services.forwarding import forward_messages
from messaging.services.groups import remove_member
from messaging.services.link_previews import make_preview, remove_preview
from messaging.services.messages import delete_message, restore, send_message, send_together
from messaging.services.removal import GRACE_PERIOD, REMOVE_PREVIEWS
from messaging.services.retention import remove_messages
from messaging.services.tidying import pictures_in_use, remove_previews
from messaging.shapes.link_previews import PreviewRecord
from messaging.shapes.record import record_of
from scheduler.models import Job
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.jobs import run_due, run_removals
from tests.limits import SetLimits
from tests.messaging.test_disappearing import age_files, let_pass
from tests.pictures import opened, picture
from tests.recording import Events
from tests.web_pages import WebPages, web_pages

pytestmark = pytest.mark.django_db
PageFor = Callable[[User], Client]
HEAD = """<title>Fjords</title><meta name="description" content="Deep and cold.">
<meta property="og:image" content="/a.png">"""


@pytest.fixture
def pages(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebPages]:
    settings.LINK_PREVIEWS = True
    for patience in ("SECONDS", "PATIENCE"):  # the machine may be busy
        monkeypatch.setattr(fetching, patience, 30)
    with web_pages() as pages:
        settings.LINK_PREVIEW_TRUSTED_HOSTS = [pages.host]
        pages.add("/", HEAD)
        pages.add("/a.png", picture(900, 450), "image/png")
        pages.add("/b", "<title>Lakes</title>")
        yield pages


@pytest.fixture
def people() -> tuple[User, User]:
    return make_pair()


@pytest.fixture
def message(pages: WebPages, people: tuple[User, User]) -> Message:
    """With a preview."""
    sent = make_message(*people, f"See {pages.url('/')}.")
    run_due()
    sent.refresh_from_db()
    return sent


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def preview(message: Message) -> PreviewRecord | None:
    message.refresh_from_db()
    return record_of(message).preview


def title(message: Message) -> str:
    found = preview(message)
    return found.title if found else ""


def code(user: User, message: Message) -> str:
    with pytest.raises(DomainError) as refused:
        remove_preview(user=user, message_id=message.pk)
    return refused.value.code


def test_there_is_none_unless_the_site_wants_them(settings: Settings) -> None:
    assert not settings.LINK_PREVIEWS
    with_link = make_message(text="https://example.org/")
    assert not Job.objects.exists()
    settings.LINK_PREVIEWS = True
    make_message(text="no link")
    assert not Job.objects.exists()
    settings.LINK_PREVIEWS = False
    make_preview(with_link.pk)  # it was turned off meanwhile
    assert preview(with_link) is None


def test_both_see_it_and_hear_of_it_and_nobody_else(
    pages: WebPages, people: tuple[User, User], events: Events
) -> None:
    ada, bo = people
    sent, cursor = make_message(ada, bo, f"See {pages.url('/')}."), sync_cursor(bo)
    events.clear()
    run_due()
    found = preview(sent)
    assert found
    assert (found.url, found.title) == (pages.url("/"), "Fjords")
    assert (found.description, found.width, found.height) == ("Deep and cold.", 400, 200)
    assert events.recipients("messageEdited") == sorted(map(user_group, (ada.pk, bo.pk)))
    told = events.data("messageEdited")
    assert told["preview"]["image"] == found.image
    assert "editedAt" not in told
    [in_history] = history(bo, ada.pk, before=None, limit=9)
    [changed] = changes_since(bo, cursor).messages
    assert in_history == changed
    assert in_history.preview == found
    make_preview(sent.pk)  # once more
    assert len(events) == 2
    assert pages.paths == ["/", "/a.png"]


def test_its_picture_is_for_those_who_see_the_message(
    message: Message, people: tuple[User, User], api_for: ApiFor
) -> None:
    ada, bo = people
    found = preview(message)
    assert found
    assert found.image
    for me in (ada, bo):
        answer = api_for(me).get(found.image)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
        assert answer["Cache-Control"] == "private, no-cache"
        assert opened(answer.content).size == (400, 200)
    for client in (APIClient(), api_for(make_user())):
        assert client.get(found.image).status_code == 404
    name = found.image.rpartition("/")[2]
    for other in (f"/media/messages/{message.pk}/{name}", f"/media/profiles/{name}"):
        assert api_for(ada).get(other).status_code == 404
    delete_message(user=ada, message_id=message.pk)
    assert api_for(bo).get(found.image).status_code == 404


def test_who_has_left_sees_that_of_earlier_messages_alone(pages: WebPages, api_for: ApiFor) -> None:
    olga, mia = make_user("Olga"), make_user("Mia")
    group = make_group(olga, mia)
    pictures = []
    for _each in range(2):
        sent = send_message(sender=olga, peer=group, text=pages.url("/"))
        run_due()
        found = preview(Message.objects.get(pk=sent.record.id))
        assert found
        pictures.append(found.image)
        if len(pictures) == 1:
            remove_member(user=olga, group=group, person=mia.pk)
    statuses = [api_for(mia).get(each or "").status_code for each in pictures]
    assert statuses == [200, 404]


def test_a_page_without_a_picture_that_can_be_read_has_words(
    pages: WebPages, people: tuple[User, User]
) -> None:
    for body in (b"<svg/>", picture(20, 20), b"\x89PNG"):
        pages.add("/a.png", body, "image/png")
        cache.clear()
        sent = make_message(*people, pages.url("/"))
        run_due()
        found = preview(sent)
        assert found
        assert (found.title, found.image, found.width) == ("Fjords", None, None)


def test_one_page_is_asked_once_for_all_who_send_it(
    message: Message, pages: WebPages, people: tuple[User, User]
) -> None:
    ada, bo = people
    asked = len(pages.asked)
    forward_messages(user=bo, message_ids=[message.pk], to=[ada.pk], client_message_id="f-1")
    gone = [make_message(ada, bo, pages.url("/gone")) for _ in range(2)]
    run_due()
    copy = Message.objects.get(forwarded=True)
    assert title(copy) == "Fjords"
    assert pages.paths[asked:] == ["/gone"]
    assert [preview(each) for each in gone] == [None, None]


def test_the_jobs_of_a_batch_are_made_at_once_and_none_in_vain(
    settings: Settings, people: tuple[User, User]
) -> None:
    settings.LINK_PREVIEWS = True
    ada, bo = people
    texts = [f"https://example.org/{number}" for number in range(5)]
    texts += [f"{settings.PUBLIC_URL}/chat/{bo.pk}", "https://example.org:8443/"]
    with CaptureQueriesContext(connection) as asked:
        send_together([new_draft(sender_id=ada.pk, receiver_id=bo.pk, text=text) for text in texts])
    assert Job.objects.filter(kind=link_previews.JOB).count() == 5
    made = [each for each in asked.captured_queries if Job._meta.db_table in each["sql"]]
    assert len(made) == 1


def test_of_one_sender_so_many_are_made(
    pages: WebPages, people: tuple[User, User], set_limits: SetLimits
) -> None:
    set_limits(previews=1)
    ada, bo = people

    def title_of(sender: User, receiver: User, path: str) -> str:
        sent = make_message(sender, receiver, pages.url(path))
        run_due()
        return title(sent)

    assert title_of(ada, bo, "/") == "Fjords"
    assert title_of(ada, bo, "/b") == ""
    assert title_of(bo, ada, "/b") == "Lakes"
    assert title_of(ada, bo, "/b") == "Lakes"  # which is known by now
    assert pages.paths == ["/", "/a.png", "/b"]


def test_a_site_that_is_slow_takes_one_thread_and_others_go_on(
    pages: WebPages, people: tuple[User, User], settings: Settings
) -> None:
    other = pages.host.replace("127.0.0.1", "localhost")
    settings.LINK_PREVIEW_TRUSTED_HOSTS = [pages.host, other]
    sent, late = (make_message(*people, pages.url("/")) for _ in range(2))
    Message.objects.filter(pk=late.pk).update(updated_at=now() - link_previews.TURN)
    elsewhere = make_message(*people, f"http://{other}/b")
    with link_previews.SITE_LIMITER.slot("127.0.0.1"):
        run_due()
    assert (title(sent), title(late), title(elsewhere)) == ("", "", "Lakes")
    assert pages.paths == ["/b"]
    [waiting] = Job.objects.all()  # one that could not be asked in time is gone
    assert (waiting.attempts, sent.pk in waiting.payload) == (0, True)
    Job.objects.update(run_at=now())
    run_due()
    assert title(sent) == "Fjords"


def test_those_that_were_slow_lately_and_who_sent_them_share_one_thread(
    pages: WebPages, people: tuple[User, User], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bo = people
    other = pages.host.replace("127.0.0.1", "localhost")
    settings.LINK_PREVIEW_TRUSTED_HOSTS = [pages.host, other]
    monkeypatch.setattr(link_previews, "SLOW", 0)
    assert title(make_message(ada, bo, pages.url("/b"))) == ""
    run_due()
    monkeypatch.setattr(link_previews, "SLOW", 60)
    of_the_site = make_message(bo, ada, pages.url("/"))
    of_who_sent_it = make_message(ada, bo, f"http://{other}/")
    of_neither = make_message(bo, ada, f"http://{other}/b")
    with link_previews.SITE_LIMITER.slot(link_previews.ALL_SLOW):
        run_due()
        assert title(of_neither) == "Lakes"
        assert (title(of_the_site), title(of_who_sent_it)) == ("", "")
    Job.objects.update(run_at=now())
    run_due()
    assert (title(of_the_site), title(of_who_sent_it)) == ("Fjords", "Fjords")


def test_who_was_answered_soon_is_not_held_up_by_what_is_slow(
    pages: WebPages, people: tuple[User, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_previews, "SLOW", 60)
    make_message(*people, pages.url("/b"))
    run_due()
    sent = make_message(*people, pages.url("/"))
    with link_previews.SITE_LIMITER.slot(link_previews.ALL_SLOW):
        run_due()
    assert title(sent) == "Fjords"


def test_what_takes_long_here_makes_nobody_slow(
    pages: WebPages, people: tuple[User, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, small = SimpleNamespace(now=0), images.small

    def wait(data: bytes) -> images.Picture:
        clock.now += 60
        return small(data)

    monkeypatch.setattr(link_previews, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(images, "small", wait)
    make_message(*people, pages.url("/"))
    run_due()
    assert clock.now == 60
    sent = make_message(*people, pages.url("/b"))
    with link_previews.SITE_LIMITER.slot(link_previews.ALL_SLOW):
        run_due()
    assert title(sent) == "Lakes"


class TestRemoved:
    def test_by_its_sender_for_everybody_and_for_good(
        self, message: Message, people: tuple[User, User], events: Events
    ) -> None:
        ada, bo = people
        cursor = sync_cursor(bo)
        events.clear()
        record = remove_preview(user=ada, message_id=message.pk)
        assert record.preview is None
        assert events.recipients("messageEdited") == sorted(map(user_group, (ada.pk, bo.pk)))
        assert "preview" not in events.data("messageEdited")
        [changed] = changes_since(bo, cursor).messages
        assert changed.preview is None
        version = Conversation.objects.get().version
        assert remove_preview(user=ada, message_id=message.pk) == record
        make_preview(message.pk)
        assert preview(message) is None
        assert Conversation.objects.get().version == version

    def test_before_it_comes(self, pages: WebPages, people: tuple[User, User]) -> None:
        sent = make_message(*people, pages.url("/"))
        remove_preview(user=people[0], message_id=sent.pk)
        run_due()
        assert preview(sent) is None
        assert not pages.asked

    def test_by_nobody_else(self, message: Message, people: tuple[User, User]) -> None:
        assert code(people[1], message) == "not_sender"
        assert code(make_user(), message) == "not_found"
        assert title(message) == "Fjords"
        delete_message(user=people[0], message_id=message.pk)
        assert code(people[0], message) == "deleted"

    def test_what_has_no_link_stays_as_it_is(self, people: tuple[User, User]) -> None:
        sent = make_message(*people)
        assert remove_preview(user=people[0], message_id=sent.pk) == record_of(sent)


class TestEdited:
    def test_another_link_has_another_preview(
        self, message: Message, pages: WebPages, people: tuple[User, User]
    ) -> None:
        record = edit_message(user=people[0], message_id=message.pk, text=pages.url("/b"))
        assert record.preview is None
        run_due()
        assert title(message) == "Lakes"
        edit_message(user=people[0], message_id=message.pk, text="no link")
        run_due()
        assert preview(message) is None

    def test_other_words_leave_it(
        self, message: Message, pages: WebPages, people: tuple[User, User]
    ) -> None:
        record = edit_message(user=people[0], message_id=message.pk, text=f"Or {pages.url('/')}")
        assert record.preview
        assert not Job.objects.exists()

    def test_so_with_one_that_was_removed(
        self, message: Message, pages: WebPages, people: tuple[User, User]
    ) -> None:
        remove_preview(user=people[0], message_id=message.pk)
        edit_message(user=people[0], message_id=message.pk, text=f"Or {pages.url('/')}")
        run_due()
        assert preview(message) is None
        edit_message(user=people[0], message_id=message.pk, text=pages.url("/b"))
        run_due()
        assert title(message) == "Lakes"

    def test_what_comes_late_is_for_nobody(
        self, pages: WebPages, people: tuple[User, User], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bo = people
        sent = make_message(ada, bo, pages.url("/"))
        fetch = fetching.fetch

        def slow(url: str) -> fetching.Fetched | None:
            if url == pages.url("/"):
                edit_message(user=ada, message_id=sent.pk, text=pages.url("/b"))
            return fetch(url)

        monkeypatch.setattr(link_previews, "fetch", slow)
        make_preview(sent.pk)
        assert preview(sent) is None
        run_due()
        assert title(sent) == "Lakes"

    @pytest.mark.django_db(transaction=True)
    def test_of_a_blocked_person_it_is_not_shown(
        self, message: Message, pages: WebPages, people: tuple[User, User], api_for: ApiFor
    ) -> None:
        ada, bo = people
        block(user=bo, person=ada.pk)
        edit_message(user=ada, message_id=message.pk, text=pages.url("/b"))
        run_due()
        assert title(message) == "Lakes"
        [seen] = api_for(bo).get(f"/api/messages/{ada.pk}").json()
        assert seen["text"] == f"See {pages.url('/')}."
        assert "preview" not in seen


class TestGone:
    def test_a_deleted_one_gets_none_and_a_restored_one_has_it_again(
        self, message: Message, pages: WebPages, people: tuple[User, User]
    ) -> None:
        late = make_message(*people, pages.url("/"))
        for each in (message, late):
            delete_message(user=people[0], message_id=each.pk)
        run_due()
        assert (preview(message), preview(late)) == (None, None)
        restore(message=message)
        assert title(message) == "Fjords"

    def test_one_that_waited_too_long_gets_none(
        self, pages: WebPages, people: tuple[User, User]
    ) -> None:
        sent = make_message(*people, pages.url("/"))
        Message.objects.update(updated_at=now() - link_previews.LATE - timedelta(seconds=1))
        run_due()
        assert preview(sent) is None
        assert not pages.asked

    def test_one_that_disappears_takes_it_along(
        self, pages: WebPages, people: tuple[User, User]
    ) -> None:
        ada, bo = people
        make_message(ada, bo)
        let_disappear(user=ada, peer=bo.pk, seconds=60)
        sent = make_message(ada, bo, pages.url("/"))
        run_due()
        assert title(sent) == "Fjords"
        assert [kind for kind, _name in pictures_in_use()] == ["previews"]
        let_pass(timedelta(minutes=2))
        assert preview(sent) is None
        run_due()
        sent.refresh_from_db()
        assert sent.preview is None
        assert not pictures_in_use()

    def test_its_picture_goes_with_the_last_message_that_has_it(
        self,
        pages: WebPages,
        people: tuple[User, User],
        settings: Settings,
        tmp_path: Path,
    ) -> None:
        settings.MEDIA_ROOT = str(tmp_path)
        ada, bo = people
        other = make_message(ada, bo, pages.url("/"))
        let_disappear(user=ada, peer=bo.pk, seconds=60)
        passing = make_message(ada, bo, pages.url("/"))
        run_due()
        [name] = files_in(tmp_path)
        for each in (other, passing):
            found = preview(each)
            assert found
            assert name in (found.image or "")
        let_pass(timedelta(minutes=2))
        run_due()
        removal = Job.objects.get(kind=REMOVE_PREVIEWS)
        # A later message may get it for so long.
        passing.refresh_from_db()
        assert removal.run_at
        assert removal.run_at >= passing.created_at + link_previews.KEPT
        age_files(tmp_path)
        run_removals()
        assert files_in(tmp_path) == [name]
        remove_messages(before=now() + timedelta(hours=1))
        age_files(tmp_path)
        run_removals()
        assert not files_in(tmp_path)

    def test_a_picture_that_was_just_made_again_stays(
        self, tmp_path: Path, settings: Settings
    ) -> None:
        settings.MEDIA_ROOT = str(tmp_path)
        name = storage.save("previews", images.small(picture(900, 450)))
        remove_previews()
        assert files_in(tmp_path) == [name]
        age_files(tmp_path)
        remove_previews()
        assert not files_in(tmp_path)

    def test_pictures_of_other_kinds_stay(self, tmp_path: Path, settings: Settings) -> None:
        settings.MEDIA_ROOT = str(tmp_path)
        name = storage.save("profiles", images.small(picture(900, 450)))
        age_files(tmp_path)
        remove_previews()
        assert files_in(tmp_path) == [name]

    def test_all_that_go_within_an_hour_have_one_job(
        self, pages: WebPages, people: tuple[User, User], settings: Settings, tmp_path: Path
    ) -> None:
        settings.MEDIA_ROOT = str(tmp_path)
        for peer in (people[1], make_user()):
            make_message(people[0], peer, pages.url("/"))
        run_due()
        shown_at = now().replace(minute=30) + timedelta(days=1)
        Message.objects.update(updated_at=shown_at)
        remove_messages(before=now() + timedelta(hours=1))
        removal = Job.objects.get(kind=REMOVE_PREVIEWS)
        assert removal.run_at
        assert (
            shown_at + GRACE_PERIOD
            <= removal.run_at
            <= shown_at + GRACE_PERIOD + timedelta(hours=1)
        )
        later = shown_at + timedelta(hours=1)
        make_message(*people, pages.url("/"))
        run_due()
        Message.objects.update(updated_at=later)
        remove_messages(before=now() + timedelta(hours=1))
        assert Job.objects.filter(kind=REMOVE_PREVIEWS).count() == 2


def test_the_page_shows_it_and_asks_nobody_else(
    message: Message, people: tuple[User, User], page_for: PageFor
) -> None:
    found = preview(message)
    assert found
    html = page_for(people[1]).get(f"/chat/{people[0].pk}").content.decode()
    shown = html.partition("<template")[0]
    assert "Fjords" in shown
    assert f'src="{found.image}"' in shown
    assert '<bdi class="link-preview__host">127.0.0.1</bdi>' in shown
    assert 'rel="noopener noreferrer nofollow"' in shown
