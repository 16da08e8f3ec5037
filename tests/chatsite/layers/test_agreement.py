"""Our layers and those of Channels do the same for a consumer of Channels."""

import asyncio
from typing import Any

import pytest
from channels.consumer import AsyncConsumer
from channels.testing import ApplicationCommunicator

PATIENCE = 20


async def next_of(layer: Any, channel: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        return dict(await layer.receive(channel))


async def is_quiet(layer: Any, channel: str) -> bool:
    """Whatever was sent before this comes first."""
    await layer.send(channel, {"type": "end"})
    return await next_of(layer, channel) == {"type": "end"}


async def test_a_message_reaches_its_channel(any_layer: Any) -> None:
    channel = await any_layer.new_channel()
    message = {"type": "x", "text": "é😀\0", "number": 1.5, "list": [1, None, True], "raw": b"\xff"}
    await any_layer.send(channel, message)
    assert await next_of(any_layer, channel) == message


async def test_messages_come_in_their_order(any_layer: Any) -> None:
    channel = await any_layer.new_channel()
    await any_layer.group_add("group", channel)
    for number in range(50):
        await any_layer.group_send("group", {"type": "x", "number": number})
    numbers = [(await next_of(any_layer, channel))["number"] for _ in range(50)]
    assert numbers == list(range(50))


async def test_a_group_is_its_members_and_nobody_else(any_layer: Any) -> None:
    one, two, other = [await any_layer.new_channel() for _ in range(3)]
    await any_layer.group_add("group", one)
    await any_layer.group_add("group", two)
    await any_layer.group_add("other", other)
    await any_layer.group_send("group", {"type": "x"})
    assert await next_of(any_layer, one) == await next_of(any_layer, two) == {"type": "x"}
    assert await is_quiet(any_layer, other)


async def test_who_left_a_group_hears_no_more(any_layer: Any) -> None:
    channel, other = await any_layer.new_channel(), await any_layer.new_channel()
    await any_layer.group_add("group", channel)
    await any_layer.group_add("group", other)
    await any_layer.group_discard("group", channel)
    await any_layer.group_discard("group", channel)
    await any_layer.group_discard("nowhere", channel)
    await any_layer.group_send("group", {"type": "x"})
    assert await next_of(any_layer, other) == {"type": "x"}
    assert await is_quiet(any_layer, channel)


async def test_joining_twice_is_joining_once(any_layer: Any) -> None:
    channel = await any_layer.new_channel()
    await any_layer.group_add("group", channel)
    await any_layer.group_add("group", channel)
    await any_layer.group_send("group", {"type": "x"})
    assert await next_of(any_layer, channel) == {"type": "x"}
    assert await is_quiet(any_layer, channel)


async def test_groups_are_forgotten(any_layer: Any) -> None:
    channel = await any_layer.new_channel()
    await any_layer.group_add("group", channel)
    await any_layer.group_discard("group", channel)
    assert any_layer.groups == {}


async def test_what_is_sent_to_nobody_is_no_error(any_layer: Any) -> None:
    await any_layer.group_send("nobody", {"type": "x"})
    await any_layer.send("specific.somebody!who.left", {"type": "x"})
    assert any_layer.groups == {}


async def test_a_receiver_may_change_what_it_got(any_layer: Any) -> None:
    one, two = await any_layer.new_channel(), await any_layer.new_channel()
    for channel in (one, two):
        await any_layer.group_add("group", channel)
    await any_layer.group_send("group", {"type": "x", "list": []})
    (await next_of(any_layer, one))["list"].append("mine")
    assert (await next_of(any_layer, two))["list"] == []


async def test_a_neighbour_is_heard(any_layer: Any, neighbour: Any) -> None:
    channel = await any_layer.new_channel()
    await any_layer.group_add("group", channel)
    await neighbour.group_send("group", {"type": "x"})
    assert await next_of(any_layer, channel) == {"type": "x"}
    await neighbour.send(channel, {"type": "y"})
    assert await next_of(any_layer, channel) == {"type": "y"}


async def test_flushing_forgets_everything(any_layer: Any) -> None:
    await any_layer.group_add("group", await any_layer.new_channel())
    await any_layer.flush()
    assert any_layer.groups == {}


async def test_what_a_layer_can_do(any_layer: Any) -> None:
    assert set(any_layer.extensions) == {"groups", "flush"}


class Echo(AsyncConsumer):
    async def echo_begin(self, message: dict[str, Any]) -> None:
        await self.channel_layer.group_add("echo", self.channel_name)
        await self.send({"type": "echo.began"})

    async def echo_told(self, message: dict[str, Any]) -> None:
        await self.send(message)


async def test_a_consumer_of_channels_works_on_it(
    any_layer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.consumer.get_channel_layer", lambda _alias: any_layer)
    client = ApplicationCommunicator(Echo(), {"type": "test"})
    await client.send_input({"type": "echo.begin"})
    assert await client.receive_output(PATIENCE) == {"type": "echo.began"}
    await any_layer.group_send("echo", {"type": "echo.told", "text": "Hi"})
    assert await client.receive_output(PATIENCE) == {"type": "echo.told", "text": "Hi"}
    client.future.cancel()
    await asyncio.wait([client.future])
