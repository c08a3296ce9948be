-- name: check_zone_postgresql
-- purpose: The zone of our session and its clock.
-- unit: one row
-- grants: none
-- cost: none
SELECT CURRENT_SETTING('TimeZone'), CURRENT_SETTING('TimeZone'), CAST(LOCALTIMESTAMP AS TIMESTAMP(0))
