"""Socket.IO, for clients of the original."""
