-- name: runs
-- purpose: Every run that is open now or started or ended since the last reading.
-- unit: one row a run
-- grants: READ on CI_BATCH_RUN
-- cost: one scan of CI_BATCH_RUN (no index on the dates): under a second for 170,000 rows
SELECT r.BATCH_CD, r.BATCH_NBR, r.BATCH_RERUN_NBR, r.RUN_STATUS, r.BATCH_BUS_DT,
       r.DO_NOT_RESTART_SW, r.VERSION, r.START_DTTM, r.END_DTTM
FROM CI_BATCH_RUN r
WHERE r.RUN_STATUS IN ('10', '20')
   OR r.START_DTTM >= :since
   OR r.END_DTTM >= :since
ORDER BY r.BATCH_CD, r.BATCH_NBR, r.BATCH_RERUN_NBR
