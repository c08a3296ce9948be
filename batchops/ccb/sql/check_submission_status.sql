-- name: check_submission_status
-- purpose: The values of BATCH_JOB_STAT_FLG at this site; we know PD, ST, ED, PC and CA.
-- unit: one row a value
-- grants: READ on CI_BATCH_JOB
-- cost: one scan of CI_BATCH_JOB
SELECT j.BATCH_JOB_STAT_FLG, COUNT(*) AS CNT
FROM CI_BATCH_JOB j
GROUP BY j.BATCH_JOB_STAT_FLG
ORDER BY j.BATCH_JOB_STAT_FLG
