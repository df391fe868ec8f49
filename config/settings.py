"""Settings, read from the environment (12-factor).

Every variable has a default that suits one machine; docs/operating.md lists them all.
A secret may be given as NAME or, as a path to a file that holds it, as NAME_FILE.
"""

import socket
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
import structlog
from csp.constants import NONE, SELF

from config.secrets import load_or_make_key, secret

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

# --- Where we run ---------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)
SECRET_KEY_IS_GENERATED = not secret("SECRET_KEY")
SECRET_KEY = secret("SECRET_KEY") or load_or_make_key(DATA_DIR / "secret-key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
HTTPS = PUBLIC_URL.startswith("https://")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

INSTALLED_APPS = [
    "apps.demo",
    "apps.insights",
    "apps.leads",
    "apps.integrations",
    "apps.nurture",
    "apps.segments",
    "apps.quizzes",
    "apps.contacts",
    "apps.accounts",
    "apps.rules",
    "apps.core",
    "apps.accounts.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_htmx",
    "django_q",
]

# Public pages (the quiz, unsubscribing, health) carry no session, user or messages:
# the Staff... classes step aside for them. See apps/core/middleware.py.
MIDDLEWARE = [
    "apps.integrations.middleware.ApiErrorMiddleware",
    "apps.core.middleware.UnavailableMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.core.middleware.BodyLimitMiddleware",
    "apps.core.middleware.NulMiddleware",
    "apps.core.middleware.StaffSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "apps.core.middleware.StaffCsrfMiddleware",
    "apps.core.middleware.StaffAuthenticationMiddleware",
    "apps.core.middleware.StaffLoginRequiredMiddleware",
    "apps.core.middleware.StaffMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
API_PATH = "/api/"  # public in that sense: a token opens it, never a session
PUBLIC_PATHS = ("/q/", "/u/", API_PATH, "/healthz", "/readyz", "/static/")

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
            ],
        },
    },
]

# --- Database, cache, queue -----------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES: dict[str, dict[str, Any]] = {
    "default": environ.Env.db_url_config(
        secret("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'tidemark.sqlite3'}"
    )
}
_one_writer = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if _one_writer:
    DATABASES["default"]["ENGINE"] = "apps.core.sqlite"  # whose writers queue
    DATABASES["default"]["OPTIONS"] = {
        # IMMEDIATE: a deferred transaction that turns into a writer fails under load.
        # FULL: an acknowledged answer survives a power cut, not only a killed process.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            " PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728; PRAGMA cache_size=-20000;"
        ),
    }
else:
    _options = DATABASES["default"].setdefault("OPTIONS", {})
    _options.setdefault("connect_timeout", 5)
    # Compiling a statement of hundreds of conditions takes longer than carrying it out.
    _options.setdefault("options", "-c jit=off")
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# To open SQLite's file and close it again takes longer than most of what is asked of it.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)

# One writer at a time is what SQLite can do: more threads would only queue for it.
WEB_PROCESSES = env.int("WEB_PROCESSES", default=1 if _one_writer else 2)
WEB_THREADS = env.int("WEB_THREADS", default=1 if _one_writer else 4)

REDIS_URL = secret("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

WORKERS = env.int("WORKERS", default=2)
CANARY_LIMIT = env.float("CANARY_LIMIT", default=30)  # seconds; a silent cluster is replaced
CLUSTER = env.str("CLUSTER", default=socket.gethostname())  # set by `manage.py up`
CLUSTER_DIR = env.str("CLUSTER_DIR", default="")  # set by `manage.py up`
Q_CLUSTER = {
    "name": "tidemark",
    "orm": "default",
    "broker_class": "apps.core.broker.Broker",
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "timeout": env.int("TASK_TIMEOUT", default=60),  # seconds
    # must exceed timeout, or a running task is handed out twice
    "retry": env.int("TASK_RETRY", default=90),
    "max_attempts": 0,  # apps/core/attempts.py counts, also those that kill their worker
    "save_limit": -1,  # successes are not kept: tasks return None, rows are the truth
    "poll": 0.1,
    "catch_up": False,
    "label": "Queue",
}
NIGHTLY = {  # job: hour in TIME_ZONE
    "apps.segments.jobs.verify": "03:10",
    "apps.core.nightly.tidy": "03:40",
    "apps.integrations.jobs.tidy_imports": "03:50",
    "apps.segments.jobs.order_report": "04:00",
    "apps.segments.jobs.tidy_exports": "03:55",
    "apps.segments.jobs.forget_proposals": "04:00",
    "apps.quizzes.jobs.forget_trials": "04:05",
}

# --- People who work here -------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "apps.accounts.roles.RoleBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"  # what the sign-in form calls the email
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "apps.core.ratelimit.sign_in_address"
AXES_LOCKOUT_CALLABLE = "apps.accounts.views.locked_out"

SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS

# --- What browsers may do -------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# The class that guards staff pages is our subclass, which the check does not recognise.
SILENCED_SYSTEM_CHECKS = ["security.W003"]

PUBLIC_BODY_LIMIT = 64 * 1024  # bytes
ANSWER_PATH = "/q/r/"  # a file may come here; the view lets it pass only where one is asked for
UPLOAD_LIMIT = 5_000_000  # bytes of such a file
API_BODY_LIMIT = 500_000  # bytes: bulk calls of a thousand rows
API_PER_MINUTE = env.int("API_PER_MINUTE", default=30_000)  # calls of one token
STARTS_PER_MINUTE = env.int("STARTS_PER_MINUTE", default=120)  # of quizzes, per address
IMPORT_LIMIT = env.int("IMPORT_LIMIT_MB", default=100) * 1024 * 1024  # bytes of a CSV file
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000

# --- Language, time, files ------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
WEEK_STARTS = env.str("WEEK_STARTS", default="monday")

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # what collectstatic has not made is served as it stands
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "apps.core.storage.StaticFiles"
    },
}

# --- Mail -----------------------------------------------------------------------------

vars().update(environ.Env.email_url_config(secret("EMAIL_URL") or "smtp://127.0.0.1:2525"))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Tidemark <hello@localhost.localdomain>")
MAIL_LEASE = env.int("MAIL_LEASE", default=60)  # seconds a worker may hold a message
MAIL_SINK_DIR = DATA_DIR / "mail"  # where the demo's sink keeps every mail as a file

# --- Logs -----------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": [
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.format_exc_info,
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},
        "fontTools": {"level": "WARNING"},  # below that it names the letters of a result
        "fpdf": {"level": "ERROR"},
        "PIL": {"level": "WARNING"},
        "mail.log": {"level": "WARNING"},  # the sink's: below that it names recipients
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
