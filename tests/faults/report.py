"""What came out of a fault run."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    topology: str
    faults: Counter[str] = field(default_factory=Counter)
    during: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    presence_seconds: float = 0
    sent: int = 0
    acknowledged: int = 0
    refused: int = 0  # by groups that the sender was not in
    stored: int = 0
    files: int = 0  # of messages that were acknowledged
    files_whole: int = 0  # of them: one file, at that message, with every byte
    files_doubled: int = 0
    fetched: int = 0  # by those who see them
    resumed: int = 0
    due: int = 0  # a message once for each who was in the conversation, its sender included
    received: int = 0
    changes_of_members: int = 0
    deleted: int = 0
    duplicates: int = 0
    losses: int = 0
    seen_by_strangers: int = 0  # by who was not in the conversation at that message
    frames: int = 0
    repeated: int = 0
    synced: int = 0
    reconnects: int = 0
    tries: int = 0
    dropped: int = 0
    mails: int = 0  # that were asked for, in the transaction of something else
    mails_sent: int = 0  # of them
    mails_again: int = 0  # under the same Message-ID: allowed
    mails_doubled: int = 0
    scheduled: int = 0  # messages to be sent later
    scheduled_sent: int = 0
    scheduled_doubled: int = 0
    fleeting: int = 0  # messages that disappear
    fleeting_files: int = 0  # whose time to go had come
    seen_late: int = 0  # by some way
    exports: int = 0
    exported: int = 0  # messages in all of them
    exported_doubled: int = 0
    imports: int = 0
    imported: int = 0
    imported_doubled: int = 0
    own_again: int = 0  # how often one of both was begun again
    restored: int = 0  # messages, from a backup
    restored_files: int = 0
    early: int = 0  # of what was to be done at some time
    left_behind: int = 0  # jobs that nobody did, and of what is gone
    closes: Counter[int] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, fault: str, counts: Counter[str]) -> None:
        self.faults[fault] += 1
        self.during[fault] += counts

    @property
    def keeps_the_promise(self) -> bool:
        counts = {self.sent - self.refused, self.acknowledged, self.stored}
        faults = self.duplicates + self.losses + self.seen_by_strangers + len(self.wrong)
        faults += self.files_doubled + self.files - self.files_whole
        faults += self.scheduled_doubled + self.scheduled - self.scheduled_sent
        faults += self.seen_late + self.exported_doubled + self.imported_doubled
        faults += self.mails_doubled + self.mails - self.mails_sent + self.early + self.left_behind
        return len(counts) == 1 and not faults

    def __str__(self) -> str:
        lines = [
            f"{self.topology}, {self.faults.total()} faults:",
            *(
                f"  {name}, {count} times: {_listed(self.during[name])}"
                for name, count in sorted(self.faults.items())
            ),
            f"  sent {self.sent} in {self.tries} tries, acknowledged {self.acknowledged}",
            f"  refused by groups to who was not in them {self.refused}",
            f"  came to groups or went {self.changes_of_members}",
            f"  stored {self.stored}, of which deleted {self.deleted}",
            f"  files {self.files}, stored whole {self.files_whole}, doubled {self.files_doubled}",
            f"  files fetched whole {self.fetched} times; uploads went on {self.resumed} times",
            f"  due to those in the conversations {self.due}, received {self.received}",
            f"  mails to be sent later {self.mails}, sent {self.mails_sent}",
            f"  mails doubled {self.mails_doubled}, under the same id again {self.mails_again}",
            f"  messages to be sent later {self.scheduled}, sent {self.scheduled_sent}",
            f"  messages sent later that are doubled {self.scheduled_doubled}",
            f"  messages that disappear {self.fleeting}, seen later {self.seen_late}",
            f"  their files {self.fleeting_files}",
            f"  exports {self.exports}, imports {self.imports}, begun again {self.own_again}",
            f"  messages exported {self.exported}, doubled {self.exported_doubled}",
            f"  messages imported {self.imported}, doubled {self.imported_doubled}",
            f"  messages back from a backup {self.restored}, files {self.restored_files}",
            f"  done early {self.early}, left behind {self.left_behind}",
            f"  duplicates {self.duplicates}, losses {self.losses}, wrong {len(self.wrong)}",
            f"  seen by who was not in the conversation {self.seen_by_strangers}",
            f"  frames {self.frames}, {self.repeated} of them of messages known already",
            f"  messages found by sync {self.synced}",
            f"  connections cut {self.dropped}, reconnects {self.reconnects}",
            f"  somebody on a killed worker was offline after {self.presence_seconds:.0f} s",
            f"  close codes {_listed(self.closes)}; answers {_listed(self.answers)}",
        ]
        return "\n".join([*lines, *(f"  WRONG: {wrong}" for wrong in self.wrong[:20])])


def _listed(counts: Counter[Any]) -> str:
    return ", ".join(f"{key} {count}" for key, count in sorted(counts.items()))
