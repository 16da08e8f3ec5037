"""Histories of elsewhere, read: a module a format, all to the same shapes (`source.py`)."""
