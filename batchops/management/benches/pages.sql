-- name: fill runs of other batches
-- purpose: as many runs as a site keeps, of batches outside the workflow; one in 200 failed
-- unit: rows; :runs of the last :days days, evenly
-- grants: owner of the tables, in a database of the bench's own
-- cost: seconds
INSERT INTO batch_execution_logs (
    batch_code, source_batch_cd, batch_nbr, rerun_nbr, state, status_code, start_time, end_time,
    thread_count, instances, threads, records_processed, records_in_error, heartbeat, version,
    do_not_restart, business_date, error_message, created_at, seen_to_move)
SELECT code, code, 5000000 + n, 0, state, CASE state WHEN 'failed' THEN '30' ELSE '40' END,
       began, began + interval '20 minutes', 8, 8, '[]'::jsonb, 20000 + n % 997, n % 3, 0, 1,
       false, (began AT TIME ZONE 'Asia/Dhaka' - interval '5 hours')::date,
       CASE state WHEN 'failed' THEN 'Thread 1 ended with an error.' ELSE '' END, began, true
  FROM (SELECT n, 'CX-B' || lpad((n % 40)::text, 2, '0') AS code,
               CASE WHEN n % 200 = 7 THEN 'failed' ELSE 'complete' END AS state,
               now() - interval '1 day' - (n * :days::float / :runs) * interval '1 day'
                   AS began
          FROM generate_series(1, :runs) AS n) AS made;
