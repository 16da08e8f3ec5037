"""Link previews: what the page says of itself that a message has the address of."""
