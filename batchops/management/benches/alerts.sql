-- name: fill alerts
-- purpose: a million alerts of three years, about 40 batches; the newest 60 are active
-- unit: rows; :alerts is replaced by their number
-- grants: owner of the tables, in a database of the bench's own
-- cost: minutes
INSERT INTO batch_monitoring_alerts (
    alert_type, alert_key, occurrence, alert_severity, alert_message, evidence, batch_code,
    business_date, subject, subject_url, state, created_at, acknowledged_at, acknowledged_by,
    acknowledged_note, resolved_at, resolved_by, resolved_by_hand, email_sent)
SELECT rule, code || ' ' || n || '/0', '', severity,
       'Batch ' || code || ' ' || what || ' at ' || to_char(opened_at, 'HH24:MI') || '. Error: ORA-'
           || 600 + n % 29000::bigint * 7919 % 29000 || ' ' || cause || ' in thread ' || n % 40,
       jsonb_build_object(
           'expected', jsonb_build_object('status_code', '40'),
           'seen', jsonb_build_object('status_code', '30', 'elapsed_s', n % 9000)),
       code, (opened_at - interval '5 hours')::date, code || ' ' || n || '/0', '', state, opened_at,
       CASE WHEN person <> '' THEN opened_at + interval '10 minutes' END, person,
       CASE WHEN person <> '' THEN 'looked at the log' ELSE '' END,
       CASE WHEN state = 'resolved' THEN opened_at + interval '1 hour' END,
       CASE WHEN state = 'resolved' THEN 'system:poll' ELSE '' END,
       state = 'resolved' AND n % 50 = 0, severity = 'CRITICAL'
  FROM (SELECT n, now() - (:alerts - n) * interval '95 seconds' AS opened_at,
               CASE WHEN n <= :alerts - 60 THEN 'resolved'
                    WHEN n % 3 > 0 THEN 'open' ELSE 'acknowledged' END AS state,
               CASE WHEN n > :alerts - 60 AND n % 3 > 0 THEN ''
                    WHEN n > :alerts - 60 OR n % 5 < 2 THEN 'user:person' || n % 221 * 13 % 17
                    ELSE '' END AS person,
               (ARRAY['FAILED', 'STUCK', 'LONG_RUNNING', 'NOT_STARTED', 'LOW_THROUGHPUT',
                      'LOW_RECORDS', 'TOO_FAST', 'COMPLETED_WITH_ERRORS'])[1 + n % 89 * 31 % 89 % 8]
                   AS rule,
               (ARRAY['CRITICAL', 'WARNING', 'WARNING', 'WARNING', 'INFO'])[1 + n % 83 * 17 % 83 % 5]
                   AS severity,
               (ARRAY['failed', 'is stuck', 'runs long', 'is slow'])[1 + n % 4] AS what,
               (ARRAY['connection timeout', 'unique constraint violated', 'snapshot too old',
                      'no listener', 'table or view does not exist', 'deadlock detected'])[
                   1 + n % 61 * 7 % 61 % 6] AS cause,
               'CM-B' || lpad((n % 97 * 11 % 97 % 40)::text, 2, '0') AS code
          FROM generate_series(1, :alerts) AS n) AS made;

INSERT INTO alerts_alertevent (alert_id, at, actor, verb, note, before, after)
SELECT id, created_at, 'system:poll', 'opened', '', '{}'::jsonb,
       jsonb_build_object('state', 'open', 'severity', alert_severity, 'message', alert_message)
  FROM batch_monitoring_alerts
UNION ALL
SELECT id, resolved_at, 'system:poll', 'resolved', 'The run completed.', '{"state": "open"}'::jsonb,
       '{"state": "resolved"}'::jsonb
  FROM batch_monitoring_alerts WHERE state = 'resolved';
