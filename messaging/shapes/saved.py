"""How the saved messages of a person are called and shown to them: nothing of it is stored."""

from django.utils.translation import gettext as _

from chatsite.pictures import avatars

SAVED_PICTURE = avatars.BOOKMARK  # its path


def saved_name() -> str:
    return _("Saved messages")
