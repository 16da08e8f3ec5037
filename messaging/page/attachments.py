"""How the files of a message read where there is no room for them.

static/js/lib/attachments.js says the same.
"""

from messaging.shapes.record import MessageRecord


def words_of(message: MessageRecord) -> str:
    """Its text, or the names of its files."""
    if message.text or not message.attachments:
        return message.text or ""
    return f"📎 {', '.join(each.name for each in message.attachments)}"
