"""Store alerts: fields, constraints, indexes and chainable filters."""
