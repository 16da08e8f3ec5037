"""uvicorn's protocols with what ASGI does not offer: the one place that touches its inside.

`uvicorn --http` and `--ws` take classes, but what may be overridden in uvicorn's own is not
documented, and others would be protocols written anew. What a new version has to keep is in
tests/chatsite/uvicorn_protocols/.
"""
