"""What stands above the calls, and the other settings of drf-spectacular."""

from chatsite import VERSION

DESCRIPTION = """\
JSON in, JSON out; paths have no trailing slash. Keys are 24 hex characters and opaque; times are
UTC, ISO 8601 with milliseconds.

**Errors** are `{"message": "<one sentence for a person>"}`, with `errors` by field where it
applies, under the right status.

**Who is asking** is told by the HttpOnly cookie `jwt`, which sign-up and log-in set, or by the same
token as `Authorization: Bearer`. Signed in on this site, you can try every call below. A page of
another site is refused (403) unless the operator lists it in `CLIENT_URL`.

**Sending is safe to repeat**: choose a `clientMessageId` for each message and send it again until
there is an answer. **Nothing is missed**: `seq` counts 1, 2, 3 … in a conversation, and `sync` has
everything that changed since a cursor.

**Live events** come over a WebSocket at `/ws/chat/`: see the AsyncAPI document
[/api/events.yaml](/api/events.yaml). This page's own document is [/api/schema](/api/schema), as
JSON or, with `Accept: application/yaml`, as YAML.
"""

SPECTACULAR_SETTINGS = {
    "TITLE": "Chatsite",
    "VERSION": VERSION,
    "DESCRIPTION": DESCRIPTION,
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,  # they are for those who read the code
    "TAGS": [
        {"name": "Accounts", "description": "People, sessions and profiles"},
        {"name": "Messages", "description": "Conversations and what changed in them"},
        {"name": "Attachments", "description": "Files of messages"},
        {"name": "Groups", "description": "Groups, and who is in a conversation"},
    ],
    "POSTPROCESSING_HOOKS": [
        "chatsite.schema.hooks.add_components",
        "chatsite.schema.hooks.add_servers",
        "chatsite.schema.hooks.require_bodies",
        "messaging.api.schema_links.add_links",
    ],
}
