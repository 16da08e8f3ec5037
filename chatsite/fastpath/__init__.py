"""What makes the hot path fast: sending, history, chats, sync.

Each piece can be left out (FAST_PATH_WITHOUT); docs/performance.md says what that costs.
"""
