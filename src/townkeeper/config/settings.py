"""Settings: everything an installation may change comes from the environment (docs/settings.md)."""

import os

from django.utils.translation import gettext_lazy as _

from townkeeper.config.home import ROOT, choice, database, home, number, secret_key, switch
from townkeeper.config.statics import are_published, statics_folder

HOME = home()
BASE_DIR = ROOT
SECRET_KEY = secret_key(HOME)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("TOWNKEEPER_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("TOWNKEEPER_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "townkeeper.accounts",
    "townkeeper.journal",
    "townkeeper.files",
    "townkeeper.jobs",
    "townkeeper.calendars",
    "townkeeper.units",
    "townkeeper.duties",
    "townkeeper.analytics",
    "townkeeper.cases",
    "townkeeper.relapse",
    "townkeeper.campaigns",
    "townkeeper.suggestions",
    "townkeeper.knowledge",
    "townkeeper.calls",
    "townkeeper.supervision",
    "townkeeper.assessment",
    "townkeeper.publication",
    "townkeeper.programs",
    "townkeeper.web",
]
MIDDLEWARE = [
    "townkeeper.web.security.ContentSecurityPolicy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "townkeeper.web.compressing.CompressWords",
    "townkeeper.web.firstview.FirstView",
    "townkeeper.web.reading.OneStamp",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "townkeeper.config.urls"
WSGI_APPLICATION = "townkeeper.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "townkeeper.web.context.page",
            ]
        },
    }
]
DATABASES = {"default": database(HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["townkeeper.accounts.backends.PeopleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "office:sign-in"
LOGIN_REDIRECT_URL = "/office/"

LANGUAGES = [
    ("zh-hant", _("Traditional Chinese")),
    ("zh-hans", _("Simplified Chinese")),
    ("en", _("English")),
]
LANGUAGE_CODE = choice("TOWNKEEPER_LANGUAGE", "zh-hant", [code for code, _name in LANGUAGES])
LOCALE_PATHS = [ROOT / "src" / "townkeeper" / "locale"]
USE_TZ = True
TIME_ZONE = os.environ.get("TOWNKEEPER_TIME_ZONE", "Asia/Shanghai")

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = not are_published(HOME)
STATIC_ROOT = HOME / "static" if WHITENOISE_USE_FINDERS else statics_folder(HOME)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if WHITENOISE_USE_FINDERS
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FONT_DIR = os.environ.get("TOWNKEEPER_FONT_DIR", "")
UPLOAD_LIMIT_MB = number("TOWNKEEPER_UPLOAD_LIMIT_MB", 20)
IMPORT_LIMIT_MB = number("TOWNKEEPER_IMPORT_LIMIT_MB", 200)
PHOTO_METRES = number("TOWNKEEPER_PHOTO_METRES", 100)
PHOTO_DAYS = number("TOWNKEEPER_PHOTO_DAYS", 30)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
MAP_TILES = os.environ.get("TOWNKEEPER_MAP_TILES", "")
MAP_APPROVAL_NO = os.environ.get("TOWNKEEPER_MAP_APPROVAL_NO", "")
HOTLINE = os.environ.get("TOWNKEEPER_HOTLINE", "12345")
REPORTS_PER_HOUR = number("TOWNKEEPER_REPORTS_PER_HOUR", 30)
BEHIND_PROXY = switch("TOWNKEEPER_BEHIND_PROXY")
"""Whether the last entry of `X-Forwarded-For` is the address of whoever asks."""

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
if switch("TOWNKEEPER_HTTPS"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DEMO = switch("TOWNKEEPER_DEMO")
"""Whether the made-up people of a demonstration may sign in."""
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("TOWNKEEPER_LOG", "WARNING")},
}
