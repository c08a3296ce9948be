-- name: imd
-- purpose: Unfinished initial measurements by business object and status; PENDING is the field's IMD count.
-- unit: one row a business object and status; measurements
-- grants: READ on D1_IMD_CTRL
-- cost: one scan of a table that holds unfinished measurements only
SELECT c.BUS_OBJ_CD, c.BO_STATUS_CD, COUNT(*) AS CNT, MIN(c.CRE_DTTM) AS OLDEST
FROM D1_IMD_CTRL c
GROUP BY c.BUS_OBJ_CD, c.BO_STATUS_CD
ORDER BY c.BUS_OBJ_CD, c.BO_STATUS_CD
