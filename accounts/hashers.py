"""Passwords: bcrypt over SHA-256, because bcrypt alone fails above 72 bytes.

The cost comes from the environment.
"""

from django.conf import settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher


class BcryptHasher(BCryptSHA256PasswordHasher):
    rounds = settings.BCRYPT_ROUNDS
