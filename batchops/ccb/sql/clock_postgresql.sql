-- name: clock_postgresql
-- purpose: The clock of a PostgreSQL that holds CC&B's tables.
-- unit: one moment, wall clock of the session's zone
-- grants: none
-- cost: no table
SELECT CAST(LOCALTIMESTAMP AS TIMESTAMP(0))
