-- name: check_run_status
-- purpose: The values of RUN_STATUS at this site; we know 10, 20, 30 and 40.
-- unit: one row a value
-- grants: READ on CI_BATCH_RUN
-- cost: one scan of CI_BATCH_RUN or of its index XT028S1
SELECT r.RUN_STATUS, COUNT(*) AS CNT
FROM CI_BATCH_RUN r
GROUP BY r.RUN_STATUS
ORDER BY r.RUN_STATUS
