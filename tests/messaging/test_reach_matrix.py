"""Who reaches whom: person, way and act, in one table."""

import io
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as site_settings
from pytest_django import Settings

from accounts.models import SitePolicy, User
from accounts.services.accounts import update_profile
from accounts.services.moderation import ban
from chatsite.asgi import application
from chatsite.asgi import trusted as site
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.live.broadcast import broadcast
from chatsite.pictures import images, storage
from chatsite.wire import timestamp
from messaging import events, recipients
from messaging.models import Attachment, Message
from messaging.services.blocks import block
from messaging.services.groups import remove_member
from messaging.services.messages import send_message
from messaging.shapes.link_previews import PreviewRecord, encoded_preview
from tests.factories import make_group, make_user
from tests.files import make_upload, send_once, send_voice
from tests.jobs import run_due
from tests.messaging.later import pass_time
from tests.messaging.realtime.sockets import PersonalSocket, token_for
from tests.messaging.socketio.session import joined
from tests.pictures import picture
from tests.push_service import Browser, PushService, browser_of

pytestmark = pytest.mark.django_db(transaction=True)
TRUSTED: Any = site
SITE = "http://testserver"

# What somebody may do, by what they are to Ada. `… heard`: it reaches her live; `… pushed`: her
# browser while she is at no page, as `answer pushed` theirs. `lifetime`: of messages, as it is.
# `new name`, `new @username`, `new address`: they learn what she is called by now.
NEW = {"new name", "new @username", "new address"}
EVERYTHING = NEW | {
    *("remove preview", "remove preview heard"),
    *("online", "typing", "hears typing", "read", "picture", "send", "heard", "pushed", "react"),
    *("react heard", "add", "edit", "edit heard", "forward", "listen", "listen heard"),
    *("open", "open heard", "lifetime", "answer pushed"),
}
UNTOLD = {
    "remove preview heard",
    *("typing", "hears typing", "heard", "pushed", "react heard", "edit heard", "listen heard"),
    *("add", "open", "open heard"),
}
TABLE: dict[str, set[str]] = {
    "stranger": {"online", "send", "answer pushed"} | NEW,
    "request": EVERYTHING - UNTOLD - {"listen", "lifetime"},  # Ada has said nothing yet
    "contact": EVERYTHING,
    "blocked": EVERYTHING - UNTOLD - NEW - {"online", "answer pushed"},
    "blocker": {"read", "picture", "forward", "listen", "remove preview", "remove preview heard"},
    "member": EVERYTHING - {"lifetime"},  # admins may
    "removed": {"online", "remove preview", "remove preview heard"} | NEW,  # of what was before
    "banned": set(),
}


@dataclass
class Scene:
    ada: User
    person: User
    place: str  # where they write: to Ada, or in the group
    message: Message  # with a picture
    own: str  # their message, with a file: there, but of a stranger elsewhere
    voice: str  # Ada's
    once: str  # the same, seen once; in a request theirs
    eve: User
    browsers: dict[str, Browser]  # Ada's and theirs, by key
    outcomes: dict[str, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))


def make_scene(relation: str, service: PushService) -> Scene:
    """With requests on."""
    ada, person, eve = (make_user(name) for name in ("Ada", "Pat", "Eve"))
    browsers = {each.pk: browser_of(each, service) for each in (ada, person)}
    group = make_group(ada, person, eve) if relation in {"member", "removed"} else ""
    SitePolicy.objects.create(requests=True)

    def say(sender: User, peer: str, **more: Any) -> Message:
        sent = send_message(sender=sender, peer=peer, text="secret", image=picture(), **more)
        return Message.objects.select_related("conversation").get(pk=sent.record.id)

    def say_own(peer: str) -> str:
        files = [make_upload(person).pk]
        return send_message(sender=person, peer=peer, text="mine", attachments=files).record.id

    if group:
        own = say_own(group)
        if relation == "removed":
            remove_member(user=ada, group=group, person=person.pk)
        message, voice = say(ada, group), send_voice(ada, group).id
        once = send_once(ada, group).id
        return Scene(ada, person, group, message, own, voice, once, eve, browsers)
    if relation == "stranger":
        own, voice, once = say_own(eve.pk), send_voice(ada, eve.pk).id, send_once(ada, eve.pk).id
        return Scene(ada, person, ada.pk, say(ada, eve.pk), own, voice, once, eve, browsers)
    message, own = say(person, ada.pk), say_own(ada.pk)
    if relation == "request":  # hers would answer it: they sent her one, which waits with it
        voice, once = send_voice(ada, eve.pk).id, send_once(person, ada.pk).id
    else:
        voice, once = send_voice(ada, person.pk).id, send_once(ada, person.pk).id
        message = say(ada, person.pk)
    then: dict[str, Callable[[], object]] = {
        "blocked": partial(block, user=ada, person=person.pk),
        "blocker": partial(block, user=person, person=ada.pk),
        "banned": partial(ban, user=person, reason=""),
    }
    then.get(relation, lambda: None)()
    return Scene(ada, person, ada.pk, message, own, voice, once, eve, browsers)


def make_previews(*messages: str) -> str:
    """Returns the name of their picture."""
    image = storage.save("previews", images.small(picture()))
    preview = encoded_preview(PreviewRecord("https://example.org/", "Fjords", image=image))
    Message.objects.filter(pk__in=messages).update(has_link=True, preview=preview)
    return image


class Walk:
    def __init__(
        self,
        relation: str,
        scene: Scene,
        tokens: tuple[str, str],  # Ada's and theirs
        hers: PersonalSocket,
        settings: Settings,
    ) -> None:
        self.scene, self.hers, self.settings = scene, hers, settings
        her_token, self.token = tokens
        # Of a request it is Ada who tries to open what came.
        self.opener = her_token if relation == "request" else self.token
        self.number = count(1)
        # Of a stranger what they wrote elsewhere is not about Ada: they try what is hers.
        self.edited = scene.own if relation != "stranger" else scene.message.pk

    def note(self, act: str, way: str, outcome: bool) -> None:
        self.scene.outcomes[act][way] = outcome

    async def ask(
        self, way: str, method: str, path: str, *, token: str = "", **options: Any
    ) -> httpx.Response:
        """REST goes by the views, or leanly."""
        self.settings.FAST = replace(site_settings.FAST, http=way == "lean")
        transport = httpx.ASGITransport(app=TRUSTED)
        headers = {"Cookie": f"jwt={token or self.token}"}
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            return await client.request(method, path, headers=headers, **options)

    async def heard(self) -> set[str]:
        """By Ada since she was asked last, but for presence."""
        marker = events.relay("marker", {})
        broadcast([recipients.user_group(self.scene.ada.pk)], marker)
        names = set[str]()
        while (event := await self.hers.event())[0] != "marker":
            names.add(event[0])
        return names

    async def pushed(self, person: User | None = None) -> bool:
        """Whether a browser, Ada's if nobody is named, was told of news since it was asked last."""
        await sync_to_async(run_due)()
        browser = self.scene.browsers[(person or self.scene.ada).pk]
        got = [each for each in browser.got if "notification" in each]
        browser.got.clear()
        return bool(got)

    async def requests(self) -> None:
        scene, message = self.scene, self.scene.message
        for way in ("REST", "lean"):
            read = await self.ask(way, "GET", f"/api/messages/{scene.place}")
            self.note("read", way, read.is_success and "secret" in read.text)
        page = await self.ask("page", "GET", f"/chat/{scene.place}")
        self.note("read", "page", page.is_success and "secret" in page.text)
        found = await self.ask("search", "GET", "/api/search?q=secret")
        self.note("read", "search", found.is_success and bool(found.json()["messages"]))
        self.note("read", "export", "secret" in await self.exported())
        shown = await self.ask("media", "GET", f"/media/messages/{message.pk}/{message.image}")
        self.note("picture", "media", shown.is_success)
        await self.previews()
        header = await self.ask("page", "GET", f"/chat/{scene.ada.pk}/header")
        self.note("online", "page", header.is_success and "is-online" in header.text)
        people = {"name": "New", "people": [scene.ada.pk]}
        added = await self.ask("REST", "POST", "/api/groups", json=people)
        self.note("add", "REST", added.is_success and added.json()["memberCount"] == 2)
        lifetime = f"/api/messages/disappearing/{scene.place}"
        kept = await self.ask("REST", "PUT", lifetime, json={"seconds": 0})
        self.note("lifetime", "REST", kept.is_success)
        await self.heard()
        for way in ("REST", "lean"):
            body = {"text": f"Hi by {way}"}
            sent = await self.ask(way, "POST", f"/api/messages/send/{scene.place}", json=body)
            self.note("send", way, sent.is_success)
            self.note("heard", way, "newMessage" in await self.heard())
            self.note("pushed", way, await self.pushed())
        later = {"text": "Later", "sendAt": timestamp(now() + timedelta(hours=1))}
        await self.ask("REST", "POST", f"/api/messages/schedule/{scene.place}", json=later)
        await self.heard()
        await sync_to_async(pass_time)(hours=2)
        sent_later = Message.objects.filter(sender=scene.person, text="Later")
        self.note("send", "scheduled", await sent_later.aexists())
        self.note("heard", "scheduled", "newMessage" in await self.heard())
        self.note("pushed", "scheduled", await self.pushed())
        await self.forward("forward", scene.message.pk, scene.eve.pk)
        await self.heard()
        await self.forward("send", scene.own, scene.place)
        self.note("heard", "forward", "newMessage" in await self.heard())
        self.note("pushed", "forward", await self.pushed())
        for way, emoji in (("REST", "👍"), ("lean", "👀")):
            react = await self.ask(way, "PUT", f"/api/messages/{message.pk}/reactions/{emoji}")
            self.note("react", way, react.is_success)
            self.note("react heard", way, "reactionChanged" in await self.heard())
        captions = dict.fromkeys(await self.files(), "By its caption")
        for way, fields in (
            ("REST", {"text": "By REST"}),
            ("lean", {"text": "By the lean way"}),
            ("caption", {"text": "By the lean way", "captions": captions}),
        ):
            edit = await self.ask(way, "PUT", f"/api/messages/{self.edited}", json=fields)
            self.note("edit", way, edit.is_success)
            self.note("edit heard", way, "messageEdited" in await self.heard())
        listened = await self.ask("REST", "PUT", f"/api/listened/{scene.voice}")
        self.note("listen", "REST", listened.is_success)
        self.note("listen heard", "REST", "messageListened" in await self.heard())
        file = await Attachment.objects.aget(message=scene.once)
        opening = {"openingId": "page-1"}
        path, by = f"/api/opened/{scene.once}", self.opener
        opened = await self.ask("REST", "POST", path, json=opening, token=by)
        self.note("open", "REST", opened.is_success)
        self.note("open heard", "REST", "messageOpened" in await self.heard())
        address = f"/api/attachments/{file.pk}/{file.name}?opening=page-1"
        shown = await self.ask("media", "GET", address, token=by)
        self.note("open", "media", shown.is_success)
        assert not await self.pushed()  # of messages alone

    async def previews(self) -> None:
        """Of links: the picture in what was said to them, and the removal of their own."""
        image = await sync_to_async(make_previews)(self.scene.message.pk, self.edited)
        path = f"/media/previews/{self.scene.message.pk}/{image}"
        self.note("picture", "preview", (await self.ask("media", "GET", path)).is_success)
        await self.heard()
        removed = await self.ask("REST", "DELETE", f"/api/previews/{self.edited}")
        self.note("remove preview", "REST", removed.is_success)
        self.note("remove preview heard", "REST", "messageEdited" in await self.heard())

    async def answer(self) -> None:
        """Ada writes, as far as she may, while they have no socket."""
        scene = self.scene
        await self.pushed(scene.person)
        peer = scene.person.pk if scene.place == scene.ada.pk else scene.place
        with suppress(DomainError):
            await sync_to_async(send_message)(sender=scene.ada, peer=peer, text="And now?")
        self.note("answer pushed", "message", await self.pushed(scene.person))

    async def renaming(self) -> None:
        """Ada has another name, @username and address."""
        ada = self.scene.ada
        change = sync_to_async(update_profile)
        await change(user=ada, full_name="Zoe Newname", username="zoe_new")
        await User.objects.filter(pk=ada.pk).aupdate(email="zoe@new.example")
        paths = {
            "contacts": "/api/messages/contacts",
            "found": "/api/messages/contacts?search=newname",
            "search": "/api/search?q=newname",
            "page": "/contacts?q=newname",
        }
        for way, path in paths.items():
            answer = await self.ask("REST", "GET", path)
            self.note("new name", way, "Newname" in answer.text)
        named = await self.ask("REST", "GET", "/api/usernames/zoe_new")
        self.note("new @username", "REST", named.is_success)
        led = await self.ask("page", "GET", "/u/zoe_new")
        self.note("new @username", "page", led.headers.get("Location") == f"/chat/{ada.pk}")
        details = await self.ask("page", "GET", f"/chat/{ada.pk}/details")
        self.note("new @username", "details", "@zoe_new" in details.text)
        for words in ("@zoe_new", "zoe@new.example"):
            found = await self.ask("REST", "GET", f"/api/messages/contacts?search={words}")
            kind = "address" if "." in words else "@username"
            self.note(f"new {kind}", "found", found.is_success and bool(found.json()))
        listed = await self.ask("REST", "GET", "/api/messages/contacts?limit=9")
        self.note("new address", "contacts", "zoe@new.example" in listed.text)

    async def exported(self) -> str:
        """All that is in the archive of what is theirs."""
        await self.ask("REST", "POST", "/api/export")
        await sync_to_async(run_due)()
        answer = await self.ask("REST", "GET", "/api/export/file")
        if not answer.is_success:
            return ""
        archive = ZipFile(io.BytesIO(answer.content))
        return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())

    async def forward(self, act: str, message: str, to: str) -> None:
        key = f"forward-{next(self.number)}"
        body = {"messageIds": [message], "to": [to], "clientMessageId": key}
        answer = await self.ask("REST", "POST", "/api/messages/forward", json=body)
        self.note(act, "forward", answer.is_success and bool(answer.json()["sent"]))

    async def files(self) -> list[str]:
        found = Attachment.objects.filter(message=self.edited).values_list("pk", flat=True)
        return [key async for key in found]

    async def commands(self, way: str, socket: "Ends") -> None:
        scene = self.scene
        self.note("online", way, scene.ada.pk in await socket.online())
        await socket.say("typing", receiverId=scene.place)
        await socket.is_done()
        self.note("typing", way, "typing" in await self.heard())
        hers = scene.place if scene.place != scene.ada.pk else scene.person.pk
        await self.hers.send("typing", receiverId=hers)
        await self.hers.send("ping")
        await self.hers.until("pong")
        self.note("hears typing", way, await socket.is_done("typing"))
        key = f"{way[:2]}-{next(self.number)}"
        await socket.say("sendMessage", receiverId=scene.place, text="Hi", clientMessageId=key)
        self.note("send", way, await socket.is_done("messageSent"))
        self.note("heard", way, "newMessage" in await self.heard())
        self.note("pushed", way, await self.pushed())
        emoji = "🎉" if way == "native" else "👏"
        await socket.say("react", messageId=scene.message.pk, emoji=emoji)
        self.note("react", way, await socket.is_done("reactionChanged"))
        self.note("react heard", way, "reactionChanged" in await self.heard())
        await socket.say("editMessage", messageId=self.edited, text=f"By {way}")
        self.note("edit", way, await socket.is_done())
        self.note("edit heard", way, "messageEdited" in await self.heard())

    def locked_out(self, way: str) -> None:
        acts = ("online", "typing", "hears typing", "send", "heard", "pushed", "react", "edit")
        for act in (*acts, "react heard", "edit heard"):
            self.note(act, way, False)


@dataclass
class Ends:
    """A socket of either kind."""

    send: Callable[[str, Any], Any]
    next: Callable[[], Any]  # event and data

    async def say(self, event: str, **data: Any) -> None:
        await self.send(event, data)

    async def online(self) -> list[str]:
        while (event := await self.next())[0] != "getOnlineUsers":
            pass
        return list(event[1])

    async def is_done(self, wanted: str = "") -> bool:
        """Whether that event came until now, or none that says that something was refused."""
        await self.send("ping", {})
        names = set[str]()
        while (event := await self.next())[0] != "pong":
            names.add(event[0])
        return wanted in names if wanted else "error" not in names


@asynccontextmanager
async def native(user: User, token: str) -> AsyncIterator[Ends | None]:
    socket = PersonalSocket(user, token)
    if not await socket.open():
        yield None
        return
    try:
        yield Ends(lambda event, data: socket.send(event, **data), socket.frame)
    finally:
        await socket.close()


@asynccontextmanager
async def socket_io(token: str) -> AsyncIterator[Ends | None]:
    async with AsyncExitStack() as stack:
        transport = httpx.ASGITransport(application)
        try:
            session = await stack.enter_async_context(joined(SITE, token, transport=transport))
        except AssertionError:
            yield None
            return

        async def send(event: str, data: Any) -> None:
            assert (await session.post("42" + json.dumps([event, data]))).text == "ok"

        async def following() -> Any:
            return json.loads((await session.packets_until("42"))[2:])

        yield Ends(send, following)


@pytest.mark.parametrize("relation", TABLE)
async def test_by_every_way(relation: str, settings: Settings, service: PushService) -> None:
    scene = await sync_to_async(make_scene)(relation, service)
    her_token, token = [await sync_to_async(token_for)(each) for each in (scene.ada, scene.person)]
    hers = PersonalSocket(scene.ada, her_token)
    assert await hers.open()
    await hers.is_counted()
    walk = Walk(relation, scene, (her_token, token), hers, settings)
    try:
        await walk.pushed()
        ways = {"native": native(scene.person, token), "Socket.IO": socket_io(token)}
        for way, opening in ways.items():
            async with opening as socket:
                if socket:
                    await walk.commands(way, socket)
                else:
                    walk.locked_out(way)
        await walk.requests()
        await walk.answer()
        await walk.renaming()
    finally:
        await hers.close()
    may = {act: dict.fromkeys(ways, act in TABLE[relation]) for act, ways in scene.outcomes.items()}
    assert scene.outcomes == may
