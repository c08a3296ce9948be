"""Store jobs: fields, constraints, indexes and chainable filters."""
