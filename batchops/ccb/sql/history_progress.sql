-- name: history_progress
-- purpose: Records, errors and heartbeat of the runs that `history_runs` returns, restarts included.
-- unit: one row a run that has thread executions; records
-- grants: READ on CI_BATCH_INST, CI_BATCH_RUN
-- cost: the scan of `history_runs`, then CI_BATCH_INST by its primary key
SELECT i.BATCH_CD, i.BATCH_NBR, i.BATCH_RERUN_NBR,
       COUNT(DISTINCT i.BATCH_THREAD_NBR) AS THREADS,
       COUNT(*) AS INSTANCES,
       SUM(i.REC_PROC_CNT) AS RECS_PROCESSED,
       SUM(i.REC_ERR_CNT) AS RECS_ERROR,
       SUM(i.VERSION) AS HEARTBEAT,
       SUM(CASE WHEN i.START_DTTM IS NOT NULL AND i.END_DTTM IS NULL THEN 1 ELSE 0 END)
           AS OPEN_INSTANCES,
       MIN(i.START_DTTM) AS FIRST_START,
       MAX(i.START_DTTM) AS LAST_START,
       MAX(i.END_DTTM) AS LAST_END
FROM CI_BATCH_INST i
JOIN CI_BATCH_RUN r
  ON r.BATCH_CD = i.BATCH_CD
 AND r.BATCH_NBR = i.BATCH_NBR
 AND r.BATCH_RERUN_NBR = i.BATCH_RERUN_NBR
WHERE r.START_DTTM >= :since
  AND r.START_DTTM < :until
GROUP BY i.BATCH_CD, i.BATCH_NBR, i.BATCH_RERUN_NBR
