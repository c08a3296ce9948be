-- name: history_runs
-- purpose: Every run that started in a span of the past, for the import of history.
-- unit: one row a run
-- grants: READ on CI_BATCH_RUN
-- cost: one scan of CI_BATCH_RUN (no index on the dates), once a chunk of the import
SELECT r.BATCH_CD, r.BATCH_NBR, r.BATCH_RERUN_NBR, r.RUN_STATUS, r.BATCH_BUS_DT,
       r.DO_NOT_RESTART_SW, r.VERSION, r.START_DTTM, r.END_DTTM
FROM CI_BATCH_RUN r
WHERE r.START_DTTM >= :since
  AND r.START_DTTM < :until
ORDER BY r.BATCH_CD, r.BATCH_NBR, r.BATCH_RERUN_NBR
