-- name: check_labels
-- purpose: What the site itself calls the status codes.
-- unit: one row a code
-- grants: READ on CI_LOOKUP_VAL_L
-- cost: a small part of a table of labels
SELECT v.FIELD_NAME, v.FIELD_VALUE, v.DESCR
FROM CI_LOOKUP_VAL_L v
WHERE v.FIELD_NAME IN (
    CAST('RUN_STATUS' AS CHAR(30)),
    CAST('THREAD_STATUS' AS CHAR(30)),
    CAST('BATCH_JOB_STAT_FLG' AS CHAR(30)),
    CAST('MSG_SEVERITY_FLG' AS CHAR(30))
)
  AND v.LANGUAGE_CD = CAST(:language_cd AS CHAR(3))
ORDER BY v.FIELD_NAME, v.FIELD_VALUE
