-- name: check_imd
-- purpose: Whether the pending measurements can be counted.
-- unit: one row a status; measurements
-- grants: READ on D1_IMD_CTRL
-- cost: one scan of D1_IMD_CTRL
SELECT c.BO_STATUS_CD, COUNT(*) AS CNT
FROM D1_IMD_CTRL c
GROUP BY c.BO_STATUS_CD
ORDER BY c.BO_STATUS_CD
