-- What holds in every database of ours at any moment; each statement finds those for which it does not.

-- name: counters equal the items of their jobs
SELECT j.id FROM jobs_job AS j CROSS JOIN LATERAL (
       SELECT count(*) AS total,
              count(*) FILTER (WHERE i.state = 'succeeded') AS succeeded,
              count(*) FILTER (WHERE i.state = 'failed') AS failed,
              count(*) FILTER (WHERE i.state = 'cancelled') AS cancelled
         FROM jobs_jobitem AS i WHERE i.job_id = j.id) AS r
 WHERE j.items_removed_at IS NULL
   AND ((j.items_total IS NOT NULL AND j.items_total <> r.total)
        OR (j.succeeded, j.failed + j.reopen_failed, j.cancelled + j.reopen_cancelled)
           <> (r.succeeded, r.failed, r.cancelled));

-- name: no job that ended has an open item
SELECT i.id FROM jobs_jobitem AS i JOIN jobs_job AS j ON j.id = i.job_id
 WHERE j.finished_at IS NOT NULL AND i.state IN ('pending', 'running');

-- name: a job ended once in its last generation
SELECT j.id FROM jobs_job AS j
  LEFT JOIN jobs_jobevent AS e
    ON e.job_id = j.id AND e.generation = j.generation AND e.verb = 'finish'
 WHERE j.finished_at IS NOT NULL GROUP BY j.id HAVING count(e.id) <> 1;

-- name: how a job ended follows from its items
SELECT id FROM jobs_job
 WHERE (state = 'completed' AND succeeded <> items_total)
    OR (state = 'completed_with_errors' AND (failed = 0 OR succeeded + failed <> items_total))
    OR (state = 'cancelled' AND cancelled = 0 AND NOT cut_short)
    OR (state = 'failed' AND failed <> items_total AND error = '');

-- name: at most one alert is open for a rule and key
SELECT min(id) FROM batch_monitoring_alerts
 WHERE state <> 'resolved' GROUP BY alert_type, alert_key HAVING count(*) > 1;
