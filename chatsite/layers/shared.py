"""Live events of several processes, which meet in Redis.

All share one channel, and each takes what is for its own groups. So a socket costs no SUBSCRIBE,
and one connection a process is all that may break unnoticed. Reading what is for others is little
work up to some ten processes; beyond, this is the place to divide it.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

import msgspec
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chatsite.breaker import Breaker
from chatsite.layers import link
from chatsite.layers.link import Listener, Speaker
from chatsite.layers.local import CAPACITY, LocalLayer
from chatsite.layers.room import Message, Room
from chatsite.monitoring import metrics

logger = logging.getLogger(__name__)


class Envelope(msgspec.Struct, array_like=True):
    """A message for everybody in the groups, or for the one channel. With EVERYBODY as the channel
    it says that something for these groups was lost; EVERYBODY among them, for all.
    """

    groups: list[str]
    channel: str
    message: msgspec.Raw


class Parcel(msgspec.Struct, array_like=True):
    sender: str  # the name of a process, which is told at once and takes it from nobody else
    envelopes: list[msgspec.Raw]


_pack = msgspec.msgpack.Encoder().encode
_parcel = msgspec.msgpack.Decoder(Parcel).decode
_envelope = msgspec.msgpack.Decoder(Envelope).decode
_message = msgspec.msgpack.Decoder(dict[str, Any]).decode


class SharedRoom(Room):
    def __init__(self, loop: asyncio.AbstractEventLoop, name: str, url: str, channel: str) -> None:
        super().__init__(loop)
        self._name = name
        self._own = _pack(Parcel(name, []))[:-1]  # what a parcel of this process begins with
        self.speaker = Speaker(url, channel, self._packed, _notice)
        self.listener = Listener(url, channel, self._take, self.tell_of_loss)

    def detach(self, channel: str) -> None:
        super().detach(channel)
        if not self.channels:
            self.listener.stop()

    def clear(self) -> None:
        super().clear()
        self.listener.stop()

    def _packed(self, envelopes: list[bytes]) -> bytes:
        return _pack(Parcel(self._name, [msgspec.Raw(envelope) for envelope in envelopes]))

    def _take(self, data: bytes) -> None:
        if data.startswith(self._own):
            return
        try:
            for envelope in _parcel(data).envelopes:
                self._open(_envelope(envelope))
        except msgspec.MsgspecError:  # of another version, perhaps, while the site is renewed
            logger.warning("a live event could not be read")

    def _open(self, envelope: Envelope) -> None:
        if envelope.channel == link.EVERYBODY:
            everybody = link.EVERYBODY in envelope.groups
            self.tell_of_loss(None if everybody else envelope.groups)
        elif groups := [group for group in envelope.groups if group in self.groups]:
            self.deliver(groups, _message(envelope.message))
        elif deliver := self.channels.get(envelope.channel):
            deliver(_message(envelope.message))


class SharedLayer(LocalLayer):
    def __init__(self, url: str, prefix: str = "chatsite", capacity: int = CAPACITY) -> None:
        super().__init__(capacity)
        self._url = url
        self._channel = f"{prefix}:live"
        self._breaker = Breaker(link.PAUSE)

    async def ready(self) -> None:
        """Raises RedisError."""
        await self._shared_room().listener.start()

    async def send(self, channel: str, message: Message) -> None:
        if channel in self._room().channels:
            await super().send(channel, message)
        else:
            await asyncio.to_thread(self._say, _sealed([], channel, message))

    async def group_send(self, group: str, message: Message) -> None:
        """For those who want to know whether it came to Redis. Raises RedisError."""
        self.require_valid_group_name(group)
        self._deliver([group], message)
        await asyncio.to_thread(self._say, _sealed([group], "", message))

    async def flush(self) -> None:
        await super().flush()
        self.__dict__.pop("_redis", None)

    def _new_room(self, loop: asyncio.AbstractEventLoop) -> SharedRoom:
        return SharedRoom(loop, self.name, self._url, self._channel)

    def _shared_room(self) -> SharedRoom:
        return cast(SharedRoom, self._room())

    def _pass_on(self, groups: Sequence[str], message: Message) -> None:
        self._shared_room().speaker.say(_sealed(groups, "", message), groups)

    def _publish(self, groups: Sequence[str], message: Message) -> None:
        """Never raises."""
        if not self._breaker.lets_through():
            metrics.PUSHES_FAILED.inc()
            return
        try:
            self._say(_sealed(groups, "", message))
        except (redis.RedisError, OSError) as error:
            metrics.PUSHES_FAILED.inc()
            logger.warning("a live event was not pushed (%s)", type(error).__name__)
            if isinstance(error, redis.TimeoutError):
                self._breaker.failed()
        else:
            self._breaker.worked()

    def _say(self, envelope: bytes) -> None:
        self._redis.publish(self._channel, _pack(Parcel(self.name, [msgspec.Raw(envelope)])))

    @cached_property
    def _redis(self) -> "redis.Redis":
        """Belongs to no event loop."""
        return redis.Redis.from_url(
            self._url,
            socket_timeout=link.PATIENCE,
            socket_connect_timeout=link.PATIENCE,
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )


def _sealed(groups: Sequence[str], channel: str, message: Message) -> bytes:
    return _pack(Envelope(list(groups), channel, msgspec.Raw(_pack(message))))


def _notice(groups: list[str]) -> bytes:
    return _sealed(groups, link.EVERYBODY, {})
