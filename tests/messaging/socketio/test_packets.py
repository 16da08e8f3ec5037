"""Frames as packets of Socket.IO, and back."""

import json

import pytest
from engineio.packet import MESSAGE

from messaging import events
from messaging.realtime.presence.snapshot import Snapshot
from messaging.realtime.socketio.packets import command_of, packet_of

DATA: list[object] = [
    {},
    [],
    None,
    "text",
    {"text": '","data":', "event": '{"event":"x","data":{}}'},
    {"text": "“quoted” \\ \u2028 \x1f \N{ZERO WIDTH JOINER}"},
]


@pytest.mark.parametrize("data", DATA)
def test_a_frame_becomes_an_event_of_the_same_content(data: object) -> None:
    packet = packet_of(events.frame("newMessage", data))
    assert packet.packet_type == MESSAGE
    assert packet.encode()[:2] == "42"
    assert json.loads(packet.encode()[2:]) == ["newMessage", data]


def test_a_frame_is_converted_once_for_all_its_receivers() -> None:
    frame = events.frame("newMessage", {})
    assert packet_of(frame) is packet_of(frame)
    assert packet_of(frame).encode() is packet_of(frame).encode()


def test_the_list_of_who_is_online_is_converted_as_it_grows() -> None:
    roster = Snapshot([])
    assert packet_of(roster.frame).encode() == '42["getOnlineUsers",[]]'
    roster.add("a")
    roster.add("b")
    assert packet_of(roster.frame).encode() == '42["getOnlineUsers",["a","b"]]'


@pytest.mark.parametrize("data", DATA)
def test_an_event_becomes_a_frame_of_the_same_content(data: object) -> None:
    frame, number = command_of("2" + json.dumps(["typing", data]))
    assert json.loads(frame) == {"event": "typing", "data": data}
    assert number == ""


def test_the_number_of_an_acknowledgement_is_read() -> None:
    assert command_of('217["ping"]') == ('{"event":"ping","data":{}}', "17")


@pytest.mark.parametrize("packet", ["2", "2[]", "2[1]", "2{}", '2/admin,["ping"]', '2["a"', "x"])
def test_what_is_no_event_is_none(packet: str) -> None:
    assert command_of(packet) == ("", "")
