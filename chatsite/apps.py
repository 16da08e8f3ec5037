"""Django's own apps: with keys that the database can make, and without files nobody asks for."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.contrib.auth.apps import AuthConfig as DjangoAuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig as DjangoContentTypesConfig
from django.contrib.staticfiles.apps import StaticFilesConfig as DjangoStaticFilesConfig

AUTO_FIELD = settings.DEFAULT_AUTO_FIELD if settings.MONGODB else "django.db.models.AutoField"


class ChatsiteConfig(AppConfig):
    name = "chatsite"

    def ready(self) -> None:
        from chatsite import (
            checks,  # noqa: F401  registers itself
            sqlite,
        )

        sqlite.watch()
        if dsn := settings.ENV.operations.sentry_dsn:
            from chatsite.monitoring import sentry

            sentry.start(dsn, environment="production" if settings.PRODUCTION else "development")


class AdminConfig(DjangoAdminConfig):
    default_site = "chatsite.admin.AdminSite"
    default_auto_field = AUTO_FIELD


class AuthConfig(DjangoAuthConfig):
    default_auto_field = AUTO_FIELD


class ContentTypesConfig(DjangoContentTypesConfig):
    default_auto_field = AUTO_FIELD


class StaticFilesConfig(DjangoStaticFilesConfig):
    # htmx's extensions are not used, and import each other by names that cannot be hashed; of the
    # packaged documentation pages one is used, of the data of emoji Unicode's own, of the builds
    # of tus-js-client the small one.
    ignore_patterns = [
        *DjangoStaticFilesConfig.ignore_patterns,
        "ext",
        "redoc",
        "oauth2-redirect.*",
        "swagger-ui-standalone-preset.*",
        "swagger-ui-bundle.js.map",
        *("cldr-native", "emojibase", "emojibase-legacy", "github", "iamcal", "joypixels"),
        *("tus.js", "tus.js.map", "browser-test-bundle.js"),
        *("LICENSE", "README.md", "package.json"),
    ]
