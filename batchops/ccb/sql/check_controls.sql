-- name: check_controls
-- purpose: The site's batch codes, to compare with the codes of the workflow's steps.
-- unit: one row a batch code
-- grants: READ on CI_BATCH_CTRL, CI_BATCH_CTRL_L
-- cost: two small tables
SELECT c.BATCH_CD, l.DESCR, c.NEXT_BATCH_NBR, c.LAST_UPDATE_DTTM, c.ACCUM_ALL_INST_SW,
       c.TIMER_INTERVAL, c.BATCH_THREAD_CNT, c.MAX_COMMIT_RECS
FROM CI_BATCH_CTRL c
LEFT JOIN CI_BATCH_CTRL_L l
  ON l.BATCH_CD = c.BATCH_CD
 AND l.LANGUAGE_CD = CAST(:language_cd AS CHAR(3))
ORDER BY c.BATCH_CD
