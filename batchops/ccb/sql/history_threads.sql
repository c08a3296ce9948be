-- name: history_threads
-- purpose: How many threads of the runs that `history_runs` returns are in which status.
-- unit: one row a run and thread status
-- grants: READ on CI_BATCH_THD, CI_BATCH_RUN
-- cost: the scan of `history_runs`, then CI_BATCH_THD by its primary key
SELECT t.BATCH_CD, t.BATCH_NBR, t.BATCH_RERUN_NBR, t.THREAD_STATUS,
       COUNT(*) AS THREADS, SUM(COALESCE(t.THD_RETRY_CNT, 0)) AS RETRIES
FROM CI_BATCH_THD t
JOIN CI_BATCH_RUN r
  ON r.BATCH_CD = t.BATCH_CD
 AND r.BATCH_NBR = t.BATCH_NBR
 AND r.BATCH_RERUN_NBR = t.BATCH_RERUN_NBR
WHERE r.START_DTTM >= :since
  AND r.START_DTTM < :until
GROUP BY t.BATCH_CD, t.BATCH_NBR, t.BATCH_RERUN_NBR, t.THREAD_STATUS
