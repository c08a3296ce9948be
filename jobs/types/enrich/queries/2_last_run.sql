-- name: last_run
-- label: Last run of the batch code
-- purpose: When a batch of CC&B ran last, and how that ended.
-- columns: Description; Run; Status; Business date; Started; Ended
-- bind batch: batchCode, batch_code, batchCd, batch, BATCH_CD
-- grants: READ on CI_BATCH_RUN, CI_BATCH_CTRL_L
-- cost: CI_BATCH_RUN by its primary key
SELECT (SELECT MAX(l.DESCR) FROM CI_BATCH_CTRL_L l WHERE l.BATCH_CD = r.BATCH_CD) AS DESCR,
       r.BATCH_NBR, r.RUN_STATUS, r.BATCH_BUS_DT, r.START_DTTM, r.END_DTTM
FROM CI_BATCH_RUN r
WHERE r.BATCH_CD = CAST(:batch AS CHAR(8)) AND LENGTH(:batch) <= 8
  AND NOT EXISTS (SELECT 1 FROM CI_BATCH_RUN n
                   WHERE n.BATCH_CD = r.BATCH_CD AND n.START_DTTM > r.START_DTTM)
ORDER BY r.BATCH_NBR DESC, r.BATCH_RERUN_NBR DESC
