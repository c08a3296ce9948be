"""Say by which keys secrets are sealed, and which networks inside webhooks may reach."""

from ipaddress import ip_network

from django.core.exceptions import ImproperlyConfigured

from batchops.environment import env

# The first seals; the others only open what was sealed before.
BATCHOPS_SECRETS_KEYS = [
    key.strip() for key in env.list("BATCHOPS_SECRETS_KEY", default=[]) if key.strip()
]
# Networks of the site's own that webhooks may reach, by http as well; everything else inside is
# refused, whatever a name resolves to.
try:
    WEBHOOK_INSIDE = [
        ip_network(network.strip())
        for network in env.list("WEBHOOK_INSIDE", default=[])
        if network.strip()
    ]
except ValueError as error:
    raise ImproperlyConfigured(
        f"WEBHOOK_INSIDE: {error}. Write networks as 10.20.0.0/16,fd00:20::/64."
    ) from None
try:
    WEBHOOK_PORTS = frozenset(env.list("WEBHOOK_PORTS", cast=int, default=[443, 8443]))
except ValueError:
    raise ImproperlyConfigured(
        "WEBHOOK_PORTS holds something that is no port. Write ports as 443,8443."
    ) from None
