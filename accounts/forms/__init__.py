"""The forms of the pages: shape and words. What is allowed, the services know."""
