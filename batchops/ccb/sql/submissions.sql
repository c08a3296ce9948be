-- name: submissions
-- purpose: The submission queue: what waits, runs or was asked for since the last reading; matched to runs by us, never joined.
-- unit: one row a submission
-- grants: READ on CI_BATCH_JOB
-- cost: one scan of CI_BATCH_JOB, a small table
SELECT j.BATCH_JOB_ID, j.BATCH_CD, j.BATCH_NBR, j.BATCH_RERUN_NBR, j.BATCH_JOB_STAT_FLG,
       j.BATCH_START_DTTM, j.BATCH_THREAD_CNT, j.PROCESS_DT, j.SUBMIT_METH_FLG, j.SUBMIT_USER_ID
FROM CI_BATCH_JOB j
WHERE j.BATCH_JOB_STAT_FLG IN ('PD', 'ST', 'PC')
   OR j.BATCH_START_DTTM >= :since
ORDER BY j.BATCH_START_DTTM, j.BATCH_JOB_ID
