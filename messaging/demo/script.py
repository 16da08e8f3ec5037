"""Reads the conversations of the demo from their text files, with the time of each line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

FOLDER = Path(__file__).parent
HEADER = re.compile(r"\[(?P<people>[\w ]+)(?:: (?P<title>.+))?\](?P<unread>.*)")
LINE = re.compile(
    r"(?:(?P<days>\d+)d (?P<hour>\d+):(?P<minute>\d+)|(?P<minutes>\d+)m) (?P<who>\w+): "
    r"(?:\{(?P<kind>deleted|picture|pinned|reply) ?(?P<argument>\w*)\} ?)?(?P<text>.*)"
)
REACTION = re.compile(r"  (?P<emoji>[^\w ]+) (?P<people>[\w ]+)")

SMALL_TALK_DAYS = range(24, 2, -1)
SMALL_TALK_TIMES = ((7, 50), (12, 15), (16, 40), (18, 55), (21, 20))
SPEAKERS = {">": "ada", "<": "mira"}


@dataclass(frozen=True, slots=True)
class ScriptLine:
    at: datetime
    who: str
    text: str
    picture: str = ""  # the name of a drawing
    deleted: bool = False
    pinned: bool = False
    replies_to: int = 0  # how many lines above
    reactions: list[tuple[str, str]] = field(default_factory=list)  # emoji, who


@dataclass(frozen=True, slots=True)
class Script:
    people: list[str]
    unread: dict[str, int]
    title: str = ""  # of a group
    lines: list[ScriptLine] = field(default_factory=list)


def scripts(now: datetime) -> list[Script]:
    """Everything that is said, as if `now` were the end of it."""
    scripts = _written(now)
    scripts[0].lines[:0] = _small_talk(now)
    return scripts


def _written(now: datetime) -> list[Script]:
    scripts: list[Script] = []
    for row in _rows("conversations.txt"):
        if header := HEADER.fullmatch(row):
            scripts.append(_script(header))
        elif line := LINE.fullmatch(row):
            scripts[-1].lines.append(_line(line, now))
        elif reaction := REACTION.fullmatch(row):
            reacted = [(reaction["emoji"], who) for who in reaction["people"].split()]
            scripts[-1].lines[-1].reactions.extend(reacted)
        elif row:
            raise ValueError(row)
    return scripts


def _rows(name: str) -> list[str]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [row for row in text.splitlines() if not row.startswith("#")]


def _script(header: re.Match[str]) -> Script:
    unread = dict(entry.split("=") for entry in header["unread"].split())
    counts = {who: int(count) for who, count in unread.items()}
    return Script(header["people"].split(), counts, header["title"] or "")


def _line(line: re.Match[str], now: datetime) -> ScriptLine:
    kind, argument = line["kind"], line["argument"]
    return ScriptLine(
        at=_moment(line, now),
        who=line["who"],
        text=line["text"].replace("\\n", "\n"),
        picture=argument if kind == "picture" else "",
        deleted=kind == "deleted",
        pinned=kind == "pinned",
        replies_to=int(argument) if kind == "reply" else 0,
    )


def _moment(line: re.Match[str], now: datetime) -> datetime:
    if line["minutes"]:
        return now - timedelta(minutes=int(line["minutes"]))
    return _on_day(now, int(line["days"]), int(line["hour"]), int(line["minute"]))


def _on_day(now: datetime, days_ago: int, hour: int, minute: int) -> datetime:
    return (now - timedelta(days=days_ago)).replace(hour=hour, minute=minute)


def _small_talk(now: datetime) -> list[ScriptLine]:
    """Every block of the file in every version, a few a day, until the written part begins."""
    slots = (_on_day(now, day, *at) for day in SMALL_TALK_DAYS for at in SMALL_TALK_TIMES)
    return [
        ScriptLine(start + timedelta(minutes=2 * number), SPEAKERS[text[0]], text[2:])
        for start, talk in zip(slots, _talks(), strict=False)
        for number, text in enumerate(talk)
    ]


def _talks() -> Iterator[list[str]]:
    """The first version of all blocks, then the second of all: alike ones lie a week apart."""
    blocks = "\n".join(_rows("small_talk.txt")).strip().split("\n\n")
    parsed = [block.splitlines() for block in blocks]
    for version in range(3):
        for words, *lines in parsed:
            word = words.split(" | ")[version]
            yield [_filled_in(line, word) for line in lines]


def _filled_in(line: str, word: str) -> str:
    """With the word filled in, capitalised at the beginning of a line."""
    return line.format(word[0].upper() + word[1:] if line[2] == "{" else word)
