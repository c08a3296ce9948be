"""Run everything on one machine: the embedded PostgreSQL, the services and who guards them."""
