"""The document of the live events. That frames from the server keep to it, every socket checks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.test import Client
from jsonschema import Draft202012Validator, ValidationError

from accounts.models import User
from messaging import events
from messaging.realtime.asyncapi import command_key, document
from messaging.realtime.catalogue import FROM_CLIENT, FROM_SERVER, Event
from messaging.realtime.commands import _COMMANDS
from tests.messaging.realtime.frames import check_from_server, validator
from tests.messaging.realtime.sockets import Connect

live = pytest.mark.django_db(transaction=True)

PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA"
    "60e6kgAAAABJRU5ErkJggg=="
)


def test_is_served_to_everybody_as_yaml(client: Client) -> None:
    response = client.get("/api/events.yaml")
    assert response.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(response.content) == document()


def test_has_what_asyncapi_demands() -> None:
    assert document()["asyncapi"] == "3.1.0"
    assert set(document()["info"]) >= {"title", "version"}
    for server in document()["servers"].values():
        assert set(server) >= {"host", "protocol"}
    for operation in document()["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert set(operation) >= {"channel", "messages"}
    assert document()["channels"]["chat"]["address"] == "/ws/chat/"


def test_every_reference_leads_somewhere() -> None:
    references = list(_references(document()))
    assert references
    for reference in references:
        assert reference.startswith("#/")
        target = document()
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def test_operations_use_messages_of_their_channel_and_all_of_them() -> None:
    used = [m["$ref"] for o in document()["operations"].values() for m in o["messages"]]
    channel = document()["channels"]["chat"]["messages"]
    assert sorted(used) == sorted(f"#/channels/chat/messages/{key}" for key in channel)


def test_its_schemas_are_schemas() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_names_every_event_that_the_server_sends() -> None:
    named = {value for name, value in vars(events).items() if name.isupper()}
    assert {event.name for event in FROM_SERVER} == named


def test_names_every_command_that_the_server_knows() -> None:
    assert {event.name for event in FROM_CLIENT} == set(_COMMANDS)


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        ({"event": "nothing", "data": {}}, KeyError),
        ({"event": "pong", "data": {"x": 1}}, ValidationError),
        ({"event": "pong", "data": {}, "x": 1}, ValidationError),
        ({"event": "typing", "data": {"senderId": "0" * 24}}, ValidationError),
        ({"event": "getOnlineUsers", "data": ["bob"]}, ValidationError),
    ],
)
def test_a_frame_that_differs_is_found_out(
    frame: dict[str, Any], complaint: type[Exception]
) -> None:
    with pytest.raises(complaint):
        check_from_server(frame)


@live
@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("sendMessage", {"receiverId": "bob", "text": "Hi", "clientMessageId": "one"}),
        ("sendMessage", {"receiverId": "bob", "image": PNG, "clientMessageId": "one"}),
        ("sendMessage", {"receiverId": "bob", "text": "Hi", "image": None, "clientMessageId": "1"}),
        ("typing", {"receiverId": "bob"}),
        ("markRead", {"peerId": "bob", "seq": 0}),
        ("ping", {}),
    ],
)
async def test_what_it_describes_is_accepted(
    event: str, data: dict[str, Any], ada: User, bob: User, connect: Connect
) -> None:
    data = {name: bob.pk if value == "bob" else value for name, value in data.items()}
    validator(f"{event}.command").validate({"event": event, "data": data})
    socket = await connect(ada)
    await socket.send(event, **data)
    await socket.send("ping")
    assert "error" not in [name async for name in _until_pong(socket)]


@live
@pytest.mark.parametrize("event", FROM_CLIENT[:3], ids=lambda event: event.name)
async def test_what_lacks_a_field_or_has_a_wrong_one_is_refused(
    event: Event, ada: User, bob: User, connect: Connect
) -> None:
    socket = await connect(ada)
    for data in _wrong(document()["components"]["schemas"][event.payload.__name__], bob.pk):
        frame = {"event": event.name, "data": data}
        assert not validator(command_key(event)).is_valid(frame), data
        await socket.send_text(json.dumps(frame))
        assert (await socket.data("error"))["status"] in (400, 404), data


def _wrong(schema: dict[str, Any], peer_id: str) -> Iterator[dict[str, Any]]:
    right = {"receiverId": peer_id, "peerId": peer_id, "seq": 1, "clientMessageId": "one"}
    data = {name: right.get(name, "Hi") for name in schema["required"]}
    for name in schema["required"]:
        yield {other: value for other, value in data.items() if other != name}
        yield data | {name: ["x"]}
        yield data | {name: None}


async def _until_pong(socket: Any) -> Any:
    name, _data = await socket.event()
    while name != events.PONG:
        yield name
        name, _data = await socket.event()


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _references(inner)
