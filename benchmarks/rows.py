"""The rows of the table: which figures show how a scenario went, and what is good enough.

Goals are against the peer, tuned: ratios hold from one machine to another.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    scenario: str
    figure: str
    title: str
    unit: str
    is_rate: bool = False  # more is better
    ratio: float | None = None  # as many times as good as the peer, at least
    most: float | None = None  # or else: this much and no more
    least: float | None = None  # or this much and no less

    @property
    def goal(self) -> str:
        if self.ratio is not None:
            return f"{self.ratio:.3g} ×"
        if self.least is not None:
            return f"≥ {self.least:,g} {self.unit}"
        return f"≤ {self.most:,g} {self.unit}" if self.most is not None else ""


def _cost(scenario: str, title: str, ratio: float | None = None, most: float | None = None) -> Row:
    return Row(scenario, "cpu_us", title, "µs", ratio=ratio, most=most)


ROWS = [
    Row("latency-500", "delivered_p50", "Delivery at 500 a second, median", "ms", ratio=1),
    Row("latency-500", "delivered_p99", "… 99 of 100", "ms"),
    _cost("latency-500", "… server's processor for one", ratio=1 / 1.1),
    Row("latency-1000", "delivered_p50", "Delivery at 1,000 a second, median", "ms"),
    Row("latency-1000", "delivered_p99", "… 99 of 100", "ms", ratio=1 / 0.5),
    _cost("latency-1000", "… server's processor for one"),
    Row("rest", "rate", "REST sends, each delivered", "a second", is_rate=True, ratio=1.3),
    _cost("rest", "… server's processor for one", ratio=1),
    Row("socket", "rate", "Socket sends, each acknowledged", "a second", is_rate=True, ratio=0.6),
    _cost("socket", "… server's processor for one", ratio=0.5),
    Row("changes", "message_p50", "A message to one who is online, nothing else going on", "ms"),
    Row("changes", "reaction_ratio", "… a reaction takes as long as", "messages", most=1.2),
    Row("changes", "edit_ratio", "… an edit", "messages", most=1.2),
    Row("changes", "read_ratio", "… a read mark", "messages", most=1.2),
    Row("storm", "rate", "Sockets that connect at once", "a second", is_rate=True, least=2000),
    Row("storm", "ready_p99", "… ready, 99 of 100", "ms"),
    _cost("storm", "… server's processor for one"),
    Row("idle", "kib", "Memory of an idle socket, of many", "KiB", most=28),
    Row("presence", "bytes", "Somebody comes or goes, sent to all", "bytes", most=60 * 500),
    _cost("presence", "… server's processor for it"),
    Row("history", "rate", "Reads of 50 messages", "a second", is_rate=True, ratio=1.2),
    _cost("history", "… server's processor for one"),
    Row("chats", "answered_p50", "Chat list of 1,000 conversations, median", "ms"),
    _cost("chats", "… server's processor for one", most=10_000),
    Row("crowd", "last_p50", "One message to many sockets, the last has it", "ms"),
    _cost("crowd", "… server's processor for a receiver", ratio=1 / 1.1),
    Row("group", "delivered_p50", "One message to a group, all online, median", "ms"),
    Row("group", "delivered_p99", "… 99 of 100", "ms"),
    _cost("group", "… server's processor for a member", most=12),
    _cost("day", "A call of the mixed day below: server's processor", ratio=1),
]

WORKER_ROWS = [
    Row("latency-500", "delivered_p50", "Delivery at 500 a second, median", "ms"),
    Row("latency-500", "delivered_p99", "… 99 of 100", "ms", most=15),
    _cost("latency-500", "… processor of all servers for one"),
    Row("rest", "rate", "REST sends, each delivered", "a second", is_rate=True),
    _cost("rest", "… processor of all servers for one"),
]

DOOR_ROWS = [
    Row("latency-500", "delivered_p50", "Delivery at 500 a second, median", "ms"),
    Row("latency-500", "delivered_p99", "… 99 of 100", "ms"),
    _cost("latency-500", "… server's processor for one"),
    Row("crowd", "last_p50", "One message to many sockets, the last has it", "ms"),
    _cost("crowd", "… server's processor for a receiver"),
    Row("storm", "rate", "Sockets that connect at once", "a second", is_rate=True),
    Row("idle", "kib", "Memory of an idle socket, of many", "KiB"),
]

DAY = {
    "chats": "the list of chats",
    "history": "a conversation's newest 50",
    "sync": "what changed since",
    "contacts": "a page of contacts",
    "read": "a read mark",
    "send": "a send by REST",
    "socket": "a send by socket",
    "delivered": "a text, until the receiver has it",
    "picture": "a picture sent",
    "typing": "“typing”, until it is seen",
    "reconnect": "a page opened anew: its socket",
}
