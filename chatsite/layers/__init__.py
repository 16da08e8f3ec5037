"""Channel layers of our own: what is sent reaches the sockets of this process by a call of theirs,
with neither a queue nor a task for each.

Any consumer of Channels works on them, too.
"""
