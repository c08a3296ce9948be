-- name: check_heartbeat
-- purpose: Whether VERSION of the thread executions moves during a run, which the heartbeat rests on.
-- unit: one row: executions, executions with more than one commit
-- grants: READ on CI_BATCH_INST
-- cost: one scan of CI_BATCH_INST
SELECT COUNT(*) AS INSTANCES,
       SUM(CASE WHEN i.VERSION > 1 THEN 1 ELSE 0 END) AS MOVED
FROM CI_BATCH_INST i
