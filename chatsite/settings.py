"""Django's settings.

What an operator can choose comes from the environment, read and checked in `conf/`.
"""

import hashlib
from datetime import timedelta

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from chatsite.conf import databases, env
from chatsite.conf.variables import BASE_DIR

ENV = env.read()

PRODUCTION = ENV.production
DEBUG = ENV.debug
# Signs forms and one-time links; a different key from the tokens', derived from it.
SECRET_KEY = hashlib.sha512(b"django:" + ENV.jwt_secret.encode()).hexdigest()
JWT_SECRET = ENV.jwt_secret
ALLOWED_HOSTS = ENV.allowed_hosts
PUBLIC_URL = ENV.public_url
CLIENT_URLS = ENV.client_urls

INSTALLED_APPS = [
    "daphne",  # before staticfiles: gives runserver its ASGI server
    "chatsite.apps.AdminConfig",
    "chatsite.apps.AuthConfig",
    "chatsite.apps.ContentTypesConfig",
    "django.contrib.messages",
    "chatsite.apps.StaticFilesConfig",
    "channels",
    "corsheaders",
    "csp",
    "django_htmx",
    "lucide",
    "rest_framework",
    "chatsite.apps.ChatsiteConfig",
    "accounts",
    "messaging",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "chatsite.middleware.PrivateAnswersMiddleware",
    "chatsite.middleware.ForeignOriginMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.authentication.TokenMiddleware",
    "chatsite.middleware.TimezoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]


# Databases, live events, caches
DATABASES = {"default": databases.database(ENV.database_url)}
MONGODB = DATABASES["default"]["ENGINE"] == "django_mongodb_backend"
DEFAULT_AUTO_FIELD = (
    "django_mongodb_backend.fields.ObjectIdAutoField"
    if MONGODB
    else "django.db.models.BigAutoField"
)
if MONGODB:
    INSTALLED_APPS.insert(0, "django_mongodb_backend")
    MIGRATION_MODULES = {
        app: f"mongo_migrations.{app}" for app in ("admin", "auth", "contenttypes")
    }

CHANNEL_LAYERS = databases.channel_layers(ENV.redis_url)
CACHES = databases.caches(ENV.redis_url)
REDIS_URL = ENV.redis_url

# Accounts
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["accounts.hashers.BcryptHasher"]
BCRYPT_ROUNDS = ENV.bcrypt_rounds
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "chats"
TOKEN_LIFETIME = timedelta(days=ENV.token_days)
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": ENV.jwt_secret,
    "USER_ID_CLAIM": "userId",
    "ACCESS_TOKEN_LIFETIME": TOKEN_LIFETIME,
}
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SILENCED_SYSTEM_CHECKS = [
    "admin.E410",  # the admin reads the same token as everything else; there is no second session
    "security.W005",  # other sites under the same domain are not ours to move to https,
    "security.W021",  # nor to enter in the browsers' list
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "chatsite.browsable.BrowsableRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["chatsite.parsers.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "chatsite.browsable.SignedInNegotiation",
    "EXCEPTION_HANDLER": "chatsite.errors.handle_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# Who may call from where
CORS_ALLOWED_ORIGINS = CLIENT_URLS
CORS_ALLOW_CREDENTIALS = True
CORS_EXPOSE_HEADERS = ["Link", "Retry-After"]
CORS_URLS_REGEX = r"^/(api|media)/"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = TOKEN_COOKIE_SECURE = ENV.https
CSRF_FAILURE_VIEW = "chatsite.errors.csrf_failure"

# Headers
SECURE_SSL_REDIRECT = ENV.https
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.https else None
SECURE_HSTS_SECONDS = 31_536_000 if ENV.https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# Bodies are counted and cut off while they are read (chatsite/limits.py), uploads included.
MAX_BODY_BYTES = 10_485_760
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
SOCKET_FRAMES_PER_SECOND = ENV.limits.socket_frames_per_second
# A frame may hold what a body may; one that is larger is answered, up to where the server cuts off.
DAPHNE_WEBSOCKET_MAX_MESSAGE_SIZE = DAPHNE_WEBSOCKET_MAX_FRAME_SIZE = 2**24

# Pictures
MEDIA_ROOT = ENV.pictures.media_root
MEDIA_URL = "/media/"
IMAGE_MAX_BYTES = ENV.pictures.max_bytes
IMAGE_MAX_PIXELS = ENV.pictures.max_pixels
IMAGE_MAX_FRAMES = ENV.pictures.max_frames

# Static files: hashed names that may be cached for ever, unless somebody works on them.
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "chatsite.staticfiles.HashedStaticFilesStorage"
    },
}

# Mail
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = f"{ENV.mail.sender_name} <{ENV.mail.sender}>"

# Words and times
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
FORMAT_MODULE_PATH = "chatsite.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": ENV.operations.log_level},
}
