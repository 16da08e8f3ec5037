"""Live events: from those who have something to tell to the sockets of all workers."""
