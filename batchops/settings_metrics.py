"""Say by which token a monitoring system reads the metrics."""

from batchops.environment import env

# Empty: only people who may see the health of the site read them.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="").strip()
