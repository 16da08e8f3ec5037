"""Live events: from those who publish them to the sockets of all workers."""
