-- name: check_zone_oracle
-- purpose: The zones of the database and of our session, to find CC&B's clock.
-- unit: one row
-- grants: none
-- cost: none
SELECT DBTIMEZONE, SESSIONTIMEZONE, SYSDATE FROM DUAL
