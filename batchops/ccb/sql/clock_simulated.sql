-- name: clock_simulated
-- purpose: The clock of the simulated CC&B, which may run faster than ours and stands while it is down.
-- unit: one moment, wall clock of the site
-- grants: READ on SIM_CLOCK
-- cost: one row
SELECT CLOCK_DTTM FROM SIM_CLOCK
