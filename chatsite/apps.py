"""Django's own apps, with keys that every supported database can make."""

from django.conf import settings
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.contrib.auth.apps import AuthConfig as DjangoAuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig as DjangoContentTypesConfig


class AdminConfig(DjangoAdminConfig):
    default_site = "chatsite.admin.AdminSite"
    default_auto_field = (
        settings.DEFAULT_AUTO_FIELD if settings.MONGODB else "django.db.models.AutoField"
    )


class AuthConfig(DjangoAuthConfig):
    default_auto_field = (
        settings.DEFAULT_AUTO_FIELD if settings.MONGODB else "django.db.models.AutoField"
    )


class ContentTypesConfig(DjangoContentTypesConfig):
    default_auto_field = (
        settings.DEFAULT_AUTO_FIELD if settings.MONGODB else "django.db.models.AutoField"
    )
