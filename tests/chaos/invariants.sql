-- name: one_open_alert_for_each_key
SELECT alert_type, alert_key, count(*) FROM batch_monitoring_alerts
 WHERE state IN ('open', 'acknowledged') GROUP BY alert_type, alert_key HAVING count(*) > 1;

-- name: every_alert_opened_once_and_ended_at_most_once
SELECT a.id, e.opened, e.resolved FROM batch_monitoring_alerts AS a CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE verb = 'opened') AS opened,
              count(*) FILTER (WHERE verb = 'resolved') AS resolved
         FROM alerts_alertevent WHERE alert_id = a.id) AS e
 WHERE e.opened <> 1 OR e.resolved <> (a.state = 'resolved')::int;

-- name: every_job_that_failed_has_its_alert
SELECT j.id FROM jobs_job AS j
 WHERE j.state = 'failed' AND NOT EXISTS (
       SELECT FROM batch_monitoring_alerts AS a
        WHERE a.alert_type = 'JOB_FAILED' AND a.alert_key = 'job:' || j.id
          AND a.state IN ('open', 'acknowledged'));

-- name: no_job_that_completed_has_an_alert_that_it_failed
SELECT j.id FROM jobs_job AS j JOIN batch_monitoring_alerts AS a
    ON a.alert_type = 'JOB_FAILED' AND a.alert_key = 'job:' || j.id
 WHERE j.state = 'completed' AND a.state IN ('open', 'acknowledged');

-- name: every_critical_alert_is_owed_to_somebody
SELECT a.id, a.alert_type FROM batch_monitoring_alerts AS a
 WHERE a.alert_severity = 'CRITICAL' AND NOT a.record_only AND a.withheld = ''
   AND a.cause_id IS NULL AND a.muted_until IS NULL AND a.damped_until IS NULL
   AND EXISTS (SELECT FROM alerts_channel WHERE is_default AND enabled)
   AND NOT EXISTS (SELECT FROM alerts_delivery AS d
                    WHERE d.alert_id = a.id AND d.kind = 'opened');

-- name: every_delivery_is_accounted_for
SELECT d.id, d.state, d.attempts, d.next_try_at FROM alerts_delivery AS d
 WHERE d.state IN ('pending', 'sending', 'failed') AND d.next_try_at < now() - interval '20 s'
   AND NOT EXISTS (SELECT FROM alerts_channelhealth AS h
                    WHERE h.channel_id = d.channel_id AND h.rests_until > now());

-- name: what_was_sent_has_a_try_that_says_so
SELECT d.id FROM alerts_delivery AS d
 WHERE d.state IN ('sent', 'partly') AND NOT EXISTS (
       SELECT FROM alerts_deliveryattempt AS t
        WHERE t.delivery_id = d.id AND t.outcome IN ('sent', 'partly'));

-- name: no_two_polls_at_once
SELECT a.id, b.id FROM monitoring_poll AS a JOIN monitoring_poll AS b ON a.id < b.id
 WHERE tstzrange(a.started_at, a.started_at + a.took_s * interval '1 s')
    && tstzrange(b.started_at, b.started_at + b.took_s * interval '1 s');

-- name: a_run_is_one_row
SELECT batch_code, batch_nbr, rerun_nbr, count(*) FROM batch_execution_logs
 GROUP BY batch_code, batch_nbr, rerun_nbr HAVING count(*) > 1;
