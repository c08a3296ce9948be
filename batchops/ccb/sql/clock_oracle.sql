-- name: clock_oracle
-- purpose: The clock that every age and elapsed time of CC&B is measured by.
-- unit: one moment, wall clock of the database server
-- grants: none
-- cost: no table
SELECT SYSDATE FROM DUAL
