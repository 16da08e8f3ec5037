"""Refusals where files cannot be stored or opened."""

from django.utils.translation import gettext as _

from chatsite.errors import DomainError

WAIT = 10  # seconds, for a store to come back


def no_room() -> DomainError:
    return DomainError(_("There is no room for more files here."), 507, code="no_room")


def not_stored() -> DomainError:
    message = _("Files cannot be stored at the moment. Please try again later.")
    return DomainError(message, 503, code="storage", wait=WAIT)


def not_opened() -> DomainError:
    message = _("Files cannot be opened at the moment. Please try again later.")
    return DomainError(message, 503, code="storage", wait=WAIT)
