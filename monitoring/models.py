"""Store monitoring: fields, constraints, indexes and chainable filters."""
