"""Django's settings.

What an operator can choose comes from the environment, read and checked in `conf/`.
"""

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from corsheaders.defaults import default_headers

from chatsite.conf import cloud, databases, env, headers
from chatsite.conf.variables import BASE_DIR
from chatsite.files import tus
from chatsite.monitoring import logs
from chatsite.schema import overview

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
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_ratelimit",
    "chatsite.apps.ChatsiteConfig",
    "scheduler",
    "accounts",
    "messaging",
]

MIDDLEWARE = [
    "chatsite.conditional.ConditionalMiddleware",
    "chatsite.monitoring.probes.ProbesMiddleware",
    "chatsite.middleware.LanguageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "chatsite.middleware.EmbeddingMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "chatsite.client_dist.ClientFilesMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "chatsite.middleware.PrivateResponsesMiddleware",
    "chatsite.middleware.HostMiddleware",
    "chatsite.middleware.BodyLimitMiddleware",
    "chatsite.security.crawlers.CrawlerMiddleware",
    "chatsite.middleware.ForeignOriginMiddleware",
    "django.middleware.common.CommonMiddleware",
    "chatsite.middleware.FormsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.authentication.TokenMiddleware",
    "chatsite.middleware.PageLimitMiddleware",
    "chatsite.middleware.TimezoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
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
            "builtins": ["chatsite.templatetags.language", "chatsite.templatetags.names"],
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
DATABASES = {"default": databases.database(ENV.database_url, ENV.sqlite_synchronous)}
MONGODB = DATABASES["default"]["ENGINE"] == "chatsite.mongodb_backend"
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
FAST = ENV.fast

# Accounts
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["accounts.hashers.BcryptHasher"]
BCRYPT_ROUNDS = ENV.bcrypt_rounds
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "chats"
TOKEN_COOKIE_NAME = "__Host-jwt" if ENV.https and ENV.host_cookie else "jwt"
TOKEN_LIFETIME = timedelta(days=ENV.token_days)
SESSION_IDLE = timedelta(days=ENV.session_idle_days)
TOKEN_RENEWAL = timedelta(hours=ENV.token_renewal_hours)
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": ENV.jwt_secret,
    "USER_ID_CLAIM": "userId",
    "ACCESS_TOKEN_LIFETIME": TOKEN_LIFETIME,
    # Seconds: a worker whose clock is ahead issues tokens from the future. How long a session lasts
    # is looked up with it.
    "LEEWAY": 2 * 60 * 60,
}
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SILENCED_SYSTEM_CHECKS = [
    "admin.E410",  # the admin reads the same token as everything else; there is no second session
    "security.W005",  # other sites under the same domain are not ours to move to https,
    "security.W021",  # nor to enter in the browsers' list
    "django_ratelimit.W001",  # of our own cache it cannot know that it counts in one step
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["chatsite.security.request_limits.ApiThrottle"],
    "DEFAULT_RENDERER_CLASSES": [
        "chatsite.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["chatsite.parsers.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "chatsite.browsable.SignedInNegotiation",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "chatsite.errors.handle_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = overview.SPECTACULAR_SETTINGS

# Who may call from where
CORS_ALLOWED_ORIGINS = CLIENT_URLS
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = [*default_headers, *tus.REQUEST_HEADERS]
CORS_EXPOSE_HEADERS = ["Link", "Retry-After", *tus.RESPONSE_HEADERS]
CORS_URLS_REGEX = r"^/(api|media|socket\.io)/"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = TOKEN_COOKIE_SECURE = ENV.https
CSRF_FAILURE_VIEW = "chatsite.error_pages.csrf_failure"
BLOCK_CRAWLERS = ENV.limits.block_crawlers

# Headers
TRUSTED_PROXIES = ENV.trusted_proxies
SECURE_SSL_REDIRECT = ENV.https
SECURE_SSL_HOST = urlsplit(PUBLIC_URL).netloc  # whatever host plain http was sent to
SECURE_HSTS_SECONDS = 31_536_000 if ENV.https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
STATIC_URL = ENV.static_url
STATIC_PATH = urlsplit(STATIC_URL).path
STATIC_ORIGIN = ENV.static_origin
SERVICE_WORKER = ENV.service_worker
CLOUDINARY_ACCOUNT = cloud.read_account(ENV.pictures.cloudinary_url)
PICTURES_ORIGIN = CLOUDINARY_ACCOUNT.delivery if CLOUDINARY_ACCOUNT else ""
CONTENT_SECURITY_POLICY = headers.content_security_policy(
    static=STATIC_ORIGIN, pictures=PICTURES_ORIGIN
)
CLIENT_POLICY = headers.client_policy(site=PUBLIC_URL, pictures=PICTURES_ORIGIN)
PERMISSIONS_POLICY = headers.PERMISSIONS_POLICY

# Bodies are counted and cut off while they are read (security/body_limit.py), uploads included.
MAX_BODY_BYTES = 10_485_760
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20  # beyond it bodies, and files in them, wait on disk
LIMITS = ENV.limits
MESSAGE_DELETE_MINUTES = ENV.message_delete_minutes
RATELIMIT_USE_CACHE = "limits"
RATELIMIT_FAIL_OPEN = True  # for the one request in which Redis goes away between two questions
SOCKET_FRAMES_PER_SECOND = ENV.limits.socket_frames_per_second
# A frame may hold what a body may; one that is larger is answered, up to where the server cuts off.
DAPHNE_WEBSOCKET_MAX_MESSAGE_SIZE = DAPHNE_WEBSOCKET_MAX_FRAME_SIZE = 2**24

# Accounts: until the admin decides (accounts/services/admission.py)
SIGN_UP = ENV.sign_up
SIGN_UP_DOMAINS = ENV.sign_up_domains
MEMBERS_INVITE = ENV.members_invite
CONFIRMED_FIRST = ENV.confirmed_first
REQUESTS = ENV.requests
STRANGERS_PER_DAY = ENV.strangers_per_day
LISTS_EVERYBODY = ENV.lists_everybody
SHOWS_ADDRESSES = ENV.shows_addresses

# Messages
MESSAGE_EDIT_MINUTES = ENV.message_edit_minutes
LINK_PREVIEWS = ENV.link_previews
LINK_PREVIEW_TRUSTED_HOSTS: list[str] = []  # fetched from wherever they are; for tests alone

# Pictures
MEDIA_ROOT = ENV.pictures.media_root
MEDIA_URL = "/media/"
MEDIA_ACCEL_PATH = ENV.pictures.accel_path
IMAGE_MAX_BYTES = ENV.pictures.max_bytes
IMAGE_MAX_PIXELS = ENV.pictures.max_pixels
IMAGE_MAX_FRAMES = ENV.pictures.max_frames
IMAGE_MAX_SECONDS = ENV.pictures.max_seconds

# Attachments
ATTACHMENT_MAX_BYTES = ENV.attachments.max_bytes
ATTACHMENT_QUOTA = ENV.attachments.quota
ATTACHMENT_SITE_QUOTA = ENV.attachments.site_quota
IMPORT_MAX_BYTES = ENV.attachments.import_max_bytes
ATTACHMENT_DELETED_DAYS = ENV.attachments.deleted_days
ATTACHMENT_STORE = ENV.attachments.store
CLAMD_URL = ENV.attachments.clamd_url

# Static files: hashed names that may be cached for ever, unless somebody works on them.
STATIC_ROOT = BASE_DIR / "staticfiles"
NPM = BASE_DIR / "node_modules"  # filled by scripts/npm_packages.py
PACKAGES = {"emoji": NPM / "emoji-picker-element-data", "tus": NPM / "tus-js-client" / "dist"}
STATICFILES_DIRS = [
    BASE_DIR / "static",
    *((name, folder) for name, folder in PACKAGES.items() if folder.exists()),
]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = bool(STATIC_ORIGIN)  # module scripts ask for it
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "chatsite.staticfiles.HashedStaticFilesStorage"
    },
}
if ENV.attachments.objects:
    STORAGES["attachments"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": ENV.attachments.objects,
    }

# A front end in place of our own pages
CLIENT_DIST = ENV.client_dist

# Mail
EMAIL_BACKEND = ENV.mail.backend
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.mail.from_email
EMAIL_HOST, EMAIL_PORT = ENV.mail.smtp_server.host, ENV.mail.smtp_server.port
EMAIL_HOST_USER = ENV.mail.smtp_server.user
EMAIL_HOST_PASSWORD = ENV.mail.smtp_server.password
EMAIL_USE_TLS, EMAIL_USE_SSL = ENV.mail.smtp_server.starttls, ENV.mail.smtp_server.tls
RESEND_API_KEY, RESEND_API_URL = ENV.mail.resend_api_key, ENV.mail.resend_api_url
EMAIL_TIMEOUT = 10  # seconds, for a mail server or Resend to answer
EMAIL_DELAY_SECONDS = 1  # before the first try, whose work would show in the time of the answer
PASSWORD_RESET_TIMEOUT = ENV.mail.link_minutes * 60  # of all links in mails

# Jobs
RUN_JOBS = ENV.operations.run_jobs
DELETED_ACCOUNT_DAYS = ENV.operations.deleted_account_days
KEEP_MESSAGES_DAYS = ENV.operations.keep_messages_days
KEEP_FILES_DAYS = ENV.operations.keep_files_days
KEEP_ACCOUNTS_DAYS = ENV.operations.keep_accounts_days
JOB_RETRY_SECONDS = 2  # before the second try; four times longer before each further one

# Backups
BACKUP_TO = ENV.operations.backup_to
BACKUP_DAILY, BACKUP_WEEKLY = ENV.operations.backup_daily, ENV.operations.backup_weekly
# Push messages
PUSH_DELAY_SECONDS = 3  # in which a message may be read, or somebody come back to their page
PUSH_TRUSTED_HOSTS = ENV.push_trusted_hosts

# Words and times
LANGUAGE_CODE = "en"
LANGUAGES = [  # each by its own name, which who reads it knows
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("pt-br", "Português (Brasil)"),
    ("ar", "العربية"),
    ("zh-hans", "简体中文"),
    ("ja", "日本語"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "chatsite.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = logs.config(ENV.operations, production=PRODUCTION)
