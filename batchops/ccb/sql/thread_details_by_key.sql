-- name: thread_details_by_key
-- purpose: Each thread of the runs that `runs_by_key` returns, over all its executions.
-- unit: one row a thread; records
-- grants: READ on CI_BATCH_THD, CI_BATCH_INST
-- cost: primary keys, 20 look-ups
SELECT t.BATCH_CD, t.BATCH_NBR, t.BATCH_RERUN_NBR, t.BATCH_THREAD_NBR, t.THREAD_STATUS,
       COALESCE(t.THD_RETRY_CNT, 0) AS RETRIES,
       COUNT(i.SCHEDULER_ID) AS EXECUTIONS,
       COALESCE(SUM(i.REC_PROC_CNT), 0) AS RECS_PROCESSED,
       COALESCE(SUM(i.REC_ERR_CNT), 0) AS RECS_ERROR,
       MIN(i.START_DTTM) AS FIRST_START,
       CASE WHEN SUM(CASE WHEN i.START_DTTM IS NOT NULL AND i.END_DTTM IS NULL THEN 1 ELSE 0 END)
           = 0 THEN MAX(i.END_DTTM) END AS LAST_END
FROM CI_BATCH_THD t
LEFT JOIN CI_BATCH_INST i
  ON i.BATCH_CD = t.BATCH_CD
 AND i.BATCH_NBR = t.BATCH_NBR
 AND i.BATCH_RERUN_NBR = t.BATCH_RERUN_NBR
 AND i.BATCH_THREAD_NBR = t.BATCH_THREAD_NBR
WHERE (t.BATCH_CD, t.BATCH_NBR, t.BATCH_RERUN_NBR) IN (
    (CAST(:batch_cd_01 AS CHAR(8)), :batch_nbr_01, :rerun_nbr_01),
    (CAST(:batch_cd_02 AS CHAR(8)), :batch_nbr_02, :rerun_nbr_02),
    (CAST(:batch_cd_03 AS CHAR(8)), :batch_nbr_03, :rerun_nbr_03),
    (CAST(:batch_cd_04 AS CHAR(8)), :batch_nbr_04, :rerun_nbr_04),
    (CAST(:batch_cd_05 AS CHAR(8)), :batch_nbr_05, :rerun_nbr_05),
    (CAST(:batch_cd_06 AS CHAR(8)), :batch_nbr_06, :rerun_nbr_06),
    (CAST(:batch_cd_07 AS CHAR(8)), :batch_nbr_07, :rerun_nbr_07),
    (CAST(:batch_cd_08 AS CHAR(8)), :batch_nbr_08, :rerun_nbr_08),
    (CAST(:batch_cd_09 AS CHAR(8)), :batch_nbr_09, :rerun_nbr_09),
    (CAST(:batch_cd_10 AS CHAR(8)), :batch_nbr_10, :rerun_nbr_10),
    (CAST(:batch_cd_11 AS CHAR(8)), :batch_nbr_11, :rerun_nbr_11),
    (CAST(:batch_cd_12 AS CHAR(8)), :batch_nbr_12, :rerun_nbr_12),
    (CAST(:batch_cd_13 AS CHAR(8)), :batch_nbr_13, :rerun_nbr_13),
    (CAST(:batch_cd_14 AS CHAR(8)), :batch_nbr_14, :rerun_nbr_14),
    (CAST(:batch_cd_15 AS CHAR(8)), :batch_nbr_15, :rerun_nbr_15),
    (CAST(:batch_cd_16 AS CHAR(8)), :batch_nbr_16, :rerun_nbr_16),
    (CAST(:batch_cd_17 AS CHAR(8)), :batch_nbr_17, :rerun_nbr_17),
    (CAST(:batch_cd_18 AS CHAR(8)), :batch_nbr_18, :rerun_nbr_18),
    (CAST(:batch_cd_19 AS CHAR(8)), :batch_nbr_19, :rerun_nbr_19),
    (CAST(:batch_cd_20 AS CHAR(8)), :batch_nbr_20, :rerun_nbr_20)
)
GROUP BY t.BATCH_CD, t.BATCH_NBR, t.BATCH_RERUN_NBR, t.BATCH_THREAD_NBR, t.THREAD_STATUS,
         t.THD_RETRY_CNT
