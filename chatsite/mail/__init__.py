"""Mail on its way out: behind the request's back, and tried again when the way is blocked."""
