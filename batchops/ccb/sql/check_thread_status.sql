-- name: check_thread_status
-- purpose: The values of THREAD_STATUS at this site; we know 10, 20, 30 and 40.
-- unit: one row a value
-- grants: READ on CI_BATCH_THD
-- cost: one scan of CI_BATCH_THD
SELECT t.THREAD_STATUS, COUNT(*) AS CNT
FROM CI_BATCH_THD t
GROUP BY t.THREAD_STATUS
ORDER BY t.THREAD_STATUS
