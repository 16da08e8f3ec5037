"""What a reporter saw of what they reported, as it is kept with the report."""

import msgspec

from chatsite import strict_json
from messaging.models import Attachment
from messaging.shapes.attachments import AttachmentRecord


class SeenMessage(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    seq: int
    sender: str
    sender_name: str
    text: str
    at: str
    image: str = ""  # the name of its picture in the store
    files: list[str] = []  # names of its attachments, and their captions
    once: list[str] = []  # of what was seen once: names of small pictures in the store of files
    is_reported: bool = False


class Evidence(msgspec.Struct, frozen=True, rename="camel"):
    name: str  # of the person or group, or of the message's sender
    description: str = ""
    picture: str = ""
    messages: list[SeenMessage] = []


def seen_file(file: Attachment | AttachmentRecord) -> str:
    return f"{file.name}: {file.caption}" if file.caption else file.name


decoded_evidence = strict_json.reader(Evidence)


def encoded_evidence(evidence: Evidence) -> str:
    return msgspec.json.encode(evidence).decode()
