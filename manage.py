#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A wrong setting is the operator's to mend: one clear line, not a stack trace.
        raise SystemExit(f"Configuration: {error}") from None
    except DatabaseError as error:
        if not str(error):
            from chatsite.db import reason

            error.add_note(reason(error))
        raise


if __name__ == "__main__":
    main()
