"""Links from the response of a call to other calls, in the document."""

from typing import Any

from chatsite.schema.components import Schema

# By call and status: the calls whose parameter is found in the response, and where.
LINKS: dict[tuple[str, str], dict[str, dict[str, str]]] = {
    ("listContacts", "200"): {
        "listMessages": {"peer": "$response.body#/0/_id"},
        "sendMessage": {"peer": "$response.body#/0/_id"},
        "markRead": {"peer": "$response.body#/0/_id"},
    },
    ("listChats", "200"): {
        "listMessages": {"peer": "$response.body#/0/_id"},
        "markRead": {"peer": "$response.body#/0/_id"},
    },
    ("sendMessage", "201"): {
        "deleteMessage": {"peer": "$response.body#/_id"},
        "listMessages": {"peer": "$response.body#/receiverId"},
        "markRead": {"peer": "$response.body#/receiverId"},
    },
    ("sync", "200"): {"sync": {"since": "$response.body#/cursor"}},
}


def add_links(result: Schema, **_context: Any) -> Schema:
    """A hook of drf-spectacular, whose decorators have no word for links."""
    for methods in result["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if links := LINKS.get((operation["operationId"], status)):
                    response["links"] = {
                        name: {"operationId": name, "parameters": parameters}
                        for name, parameters in links.items()
                    }
    return result
