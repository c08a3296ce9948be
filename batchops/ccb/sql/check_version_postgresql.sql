-- name: check_version_postgresql
-- purpose: The release of the database server.
-- unit: one row
-- grants: none
-- cost: none
SELECT CURRENT_SETTING('server_version')
