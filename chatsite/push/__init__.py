"""Web Push: messages to browsers whose pages are closed, by the services that those name."""
