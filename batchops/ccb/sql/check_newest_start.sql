-- name: check_newest_start
-- purpose: The newest start of a run, to compare CC&B's clock with the database's.
-- unit: one moment
-- grants: READ on CI_BATCH_RUN
-- cost: one scan of CI_BATCH_RUN
SELECT MAX(r.START_DTTM) AS NEWEST_START
FROM CI_BATCH_RUN r
