"""Say how people come in, how long they stay, and what browsers are told to refuse."""

from datetime import timedelta

from csp.constants import NONE, SELF

from batchops.environment import env

AUTH_USER_MODEL = "batchops.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Guessing needs memory too, and Python brings it; the second reads what was stored before.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
AXES_RESET_ON_SUCCESS = True
# A row for each failure too, which a success does not take away.
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_VERBOSE = False

BATCHOPS_HTTPS = env.flag("BATCHOPS_HTTPS", default=False)
SESSION_ENGINE = "batchops.sessions"
# Unused for so long, with no page open that watches, a session ends.
SESSION_COOKIE_AGE = env.whole("SESSION_IDLE_S", default=3_600, least=1)
# After so long everybody logs in again.
SESSION_LIFE = env.seconds("SESSION_LIFE_S", default=12 * 3_600)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# With this prefix no other host or path, nor plain http, can set the cookie.
SESSION_COOKIE_NAME = "__Host-sessionid" if BATCHOPS_HTTPS else "sessionid"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BATCHOPS_HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = BATCHOPS_HTTPS
# Whoever starts and stops processes asks them directly, not through the proxy that ends TLS.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
SECURE_HSTS_SECONDS = 31_536_000 if BATCHOPS_HTTPS else 0
# What else bears the site's name, and what browsers ship, its owner decides.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BATCHOPS_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "batchops.web.failures.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
