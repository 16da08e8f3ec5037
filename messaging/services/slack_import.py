"""The export of a Slack workspace: each channel becomes a group."""

from collections.abc import Iterator
from typing import IO, NamedTuple

from accounts.models import User
from chatsite.errors import DomainError
from messaging.models import Kind, Membership
from messaging.services.groups import add_members
from messaging.services.history_writer import HistoryWriter
from messaging.services.importers.slack import Workspace
from messaging.services.importers.source import Archive


class ImportedChannel(NamedTuple):
    name: str
    messages: int  # that came now
    members: int  # that came now, beside the owner
    refusal: str  # why nobody was added, or ""


def import_workspace(
    *, file: IO[bytes], owner: User
) -> Iterator[ImportedChannel | tuple[str, int]]:
    """`owner` owns the groups. Whoever of a channel has an account by the same address is added,
    and sees what was written; it stands under placeholders, also theirs. May be repeated.

    Yields each channel, then what was left out, and how often. Raises ImportRefused.
    """
    archive = Archive(file)
    workspace = Workspace(archive)
    writer = HistoryWriter(owner, workspace.source, archive, lambda *_done: None, Kind.GROUP)
    people = _accounts(workspace)
    report = writer.write()
    groups = {each.name: each for each in report.chats}
    for channel in workspace.channels:
        group = groups.get(channel.name)
        if group is None:
            continue
        there = Membership.objects.filter(conversation_id=group.id)
        members = {owner.pk, *there.values_list("user_id", flat=True)}
        wanted = {people[each] for each in channel.members if each in people} - members
        refusal = ""
        try:
            if wanted:
                add_members(user=owner, group=group.id, people=sorted(wanted))
        except DomainError as error:
            refusal, wanted = error.message, set()
        yield ImportedChannel(channel.name, group.messages, len(wanted), refusal)
    for left_out in report.left_out:
        yield left_out.what, left_out.count


def _accounts(workspace: Workspace) -> dict[str, str]:
    """The keys of accounts, by that of their person in Slack."""
    found = {key: User.objects.with_email(email) for key, email in workspace.source.emails.items()}
    return {key: user.pk for key, user in found.items() if user and not user.is_banned}
