"""Tell monitoring systems how the site does, in Prometheus' format (docs/metrics.md).

Everything is read from PostgreSQL at each scrape, so whichever web process answers says the same.
"""
