-- name: every_job_has_ended
SELECT id, state FROM jobs_job WHERE state IN ('pending', 'processing');

-- name: each_generation_ended_at_most_once
SELECT job_id, generation, count(*) FROM jobs_jobevent
 WHERE verb = 'finish' GROUP BY job_id, generation HAVING count(*) > 1;

-- name: the_last_generation_ended_exactly_once
SELECT j.id, j.generation, count(e.id) FROM jobs_job AS j
  LEFT JOIN jobs_jobevent AS e
    ON e.job_id = j.id AND e.generation = j.generation AND e.verb = 'finish'
 WHERE j.finished_at IS NOT NULL GROUP BY j.id HAVING count(e.id) <> 1;

-- name: counters_equal_the_rows
SELECT j.id, j.items_total, j.succeeded, j.failed, j.cancelled, r.*
  FROM jobs_job AS j CROSS JOIN LATERAL (
       SELECT count(*) AS total,
              count(*) FILTER (WHERE i.state = 'succeeded') AS succeeded,
              count(*) FILTER (WHERE i.state = 'failed') AS failed,
              count(*) FILTER (WHERE i.state = 'cancelled') AS cancelled
         FROM jobs_jobitem AS i WHERE i.job_id = j.id) AS r
 WHERE (j.items_total IS NOT NULL AND j.items_total <> r.total)
    OR (j.succeeded, j.failed + j.reopen_failed, j.cancelled + j.reopen_cancelled)
       <> (r.succeeded, r.failed, r.cancelled);

-- name: no_open_item_in_an_ended_job
SELECT i.id, i.state, j.id, j.state FROM jobs_jobitem AS i JOIN jobs_job AS j ON j.id = i.job_id
 WHERE j.finished_at IS NOT NULL AND i.state IN ('pending', 'running');

-- name: no_job_with_items_ready_waits
SELECT j.id, j.waits_until FROM jobs_job AS j
 WHERE j.waits_until IS NOT NULL AND j.finished_at IS NULL
   AND EXISTS (SELECT FROM jobs_jobitem AS i
                WHERE i.job_id = j.id AND i.state = 'pending'
                  AND (i.not_before IS NULL OR i.not_before < j.waits_until));

-- name: no_item_has_two_results_in_a_generation
SELECT item_id, generation, count(*) FROM harness_result
 GROUP BY item_id, generation HAVING count(*) > 1;

-- name: no_result_was_overwritten
SELECT * FROM harness_violation WHERE what = 'overwritten';

-- name: no_counter_fell_within_a_generation
SELECT * FROM harness_violation WHERE what = 'fell';

-- name: one_summary_of_the_last_generation
SELECT j.id, j.generation, count(s.id) FROM jobs_job AS j
  LEFT JOIN jobs_runsummary AS s ON s.job_id = j.id AND s.generation = j.generation
 WHERE j.finished_at IS NOT NULL GROUP BY j.id HAVING count(s.id) <> 1;

-- name: summaries_equal_the_job
SELECT s.job_id, s.generation FROM jobs_runsummary AS s
  JOIN jobs_job AS j ON j.id = s.job_id AND j.generation = s.generation
 WHERE (s.state, s.items_total, s.succeeded, s.failed, s.cancelled)
    <> (j.state, j.items_total, j.succeeded, j.failed, j.cancelled);

-- name: no_claim_is_left
SELECT id, job_id, kind FROM jobs_claim;

-- name: single_flight_was_held
SELECT a.id, b.id FROM jobs_job AS a JOIN jobs_job AS b
    ON a.single_flight_key = b.single_flight_key AND a.id < b.id
 WHERE a.single_flight_key <> '' AND a.generation = 1 AND b.generation = 1
   AND tstzrange(a.created_at, a.finished_at) && tstzrange(b.created_at, b.finished_at);

-- name: the_end_state_follows_from_the_items
SELECT id, state, items_total, succeeded, failed, cancelled FROM jobs_job
 WHERE (state = 'completed' AND succeeded <> items_total)
    OR (state = 'completed_with_errors' AND (failed = 0 OR succeeded + failed <> items_total))
    OR (state = 'cancelled' AND cancelled = 0 AND NOT cut_short)
    OR (state = 'failed' AND failed <> items_total AND error = '');
