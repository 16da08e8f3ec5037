"""A stand-in that speaks MongoDB's protocol and holds nothing: for how the site connects.

It is a server of its own, outside of a replica set, so it refuses transactions as such a one does.
"""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bson

HEADER = struct.Struct("<iiii")  # length, number, number that is answered, kind
QUERY, REPLY, MESSAGE = 2004, 1, 2013
NO_TRANSACTIONS = "Transaction numbers are only allowed on a replica set member or mongos"
HELLO = {
    "isWritablePrimary": True,
    "ismaster": True,
    "helloOk": True,
    "maxBsonObjectSize": 2**24,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "logicalSessionTimeoutMinutes": 30,
    "minWireVersion": 0,
    "maxWireVersion": 21,
}


class MongoDBServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Conversation)
        self.url = f"mongodb://127.0.0.1:{self.server_address[1]}/chatsite"
        self.commands: list[str] = []
        self.collections: list[str] = []  # that are there, with no index

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        name = next(iter(command))
        self.commands.append(name)
        if "txnNumber" in command:
            return {
                "ok": 0.0,
                "errmsg": NO_TRANSACTIONS,
                "code": 20,
                "codeName": "IllegalOperation",
            }
        if name.lower() in ("hello", "ismaster"):
            return {**HELLO, "ok": 1.0}
        if name.lower() == "buildinfo":
            return {"version": "8.0.0", "versionArray": [8, 0, 0, 0], "ok": 1.0}
        if name == "listCollections":
            there = [{"name": each, "type": "collection"} for each in self.collections]
            return {"cursor": {"id": 0, "ns": "a.b", "firstBatch": there}, "ok": 1.0}
        if name == "dropIndexes":
            return {"ok": 0.0, "errmsg": "index not found", "code": 27}
        if name in ("find", "aggregate", "listIndexes"):
            return {"cursor": {"id": 0, "ns": "a.b", "firstBatch": []}, "ok": 1.0}
        return {"ok": 1.0}


class Conversation(socketserver.StreamRequestHandler):
    server: MongoDBServer

    def handle(self) -> None:
        while len(header := self.rfile.read(HEADER.size)) == HEADER.size:
            length, number, _answered, kind = HEADER.unpack(header)
            self.wfile.write(self._answer(number, kind, self.rfile.read(length - HEADER.size)))

    def _answer(self, number: int, kind: int, body: bytes) -> bytes:
        """The first greeting comes in the old form, all else in the new one."""
        if kind == QUERY:
            start = body.index(b"\0", 4) + 9
            answer = struct.pack("<iqii", 8, 0, 0, 1) + self._document(body[start:])
            return HEADER.pack(HEADER.size + len(answer), 0, number, REPLY) + answer
        (size,) = struct.unpack_from("<i", body, 5)
        answer = struct.pack("<ib", 0, 0) + self._document(body[5 : 5 + size])
        return HEADER.pack(HEADER.size + len(answer), 0, number, MESSAGE) + answer

    def _document(self, command: bytes) -> bytes:
        return bytes(bson.encode(self.server.answer(bson.decode(command))))


@contextmanager
def mongodb(port: int = 0) -> Iterator[MongoDBServer]:
    with MongoDBServer(port) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
