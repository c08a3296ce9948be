-- CC&B's tables with :runs runs of the last 60 days, 8 threads each, all over: one in 25 with a
-- restart, one in 200 failed. Times are of the session's zone, as CC&B's are.
INSERT INTO CI_BATCH_RUN
SELECT 'CM-B' || lpad((n % 40)::text, 2, '0'), n / 40, 0,
       CASE WHEN n % 200 = 7 THEN '30' ELSE '40' END,
       date_trunc('day', began), 'N', 10, began, began + interval '20 min'
  FROM (SELECT n, (LOCALTIMESTAMP - interval '59 days 12 hours'
                   * (1 - n::float / :runs) - interval '1 hour')::timestamp(0) AS began
          FROM generate_series(1, :runs) AS n) AS made;

INSERT INTO CI_BATCH_THD
SELECT r.BATCH_CD, r.BATCH_NBR, 0, t, r.RUN_STATUS, 3, NULL, 0
  FROM CI_BATCH_RUN AS r, generate_series(1, 8) AS t;

INSERT INTO CI_BATCH_INST
SELECT r.BATCH_CD, r.BATCH_NBR, 0, t,
       row_number() OVER (ORDER BY r.START_DTTM, r.BATCH_CD, t, go), 2500, t % 2, ' ', 25,
       r.START_DTTM, r.END_DTTM
  FROM CI_BATCH_RUN AS r, generate_series(1, 8) AS t,
       LATERAL generate_series(1, CASE WHEN r.BATCH_NBR % 25 = 3 AND t = 1 THEN 2 ELSE 1 END) AS go;

INSERT INTO CI_MSG_L VALUES (90101, 1, 'ENG', 'Batch %1: thread ended with an error.');

INSERT INTO CI_MSG_LOG
SELECT i.SCHEDULER_ID, 1, 90101, 1, 'bench', '40', 1
  FROM CI_BATCH_INST AS i
  JOIN CI_BATCH_RUN AS r USING (BATCH_CD, BATCH_NBR, BATCH_RERUN_NBR)
 WHERE r.RUN_STATUS = '30' AND i.BATCH_THREAD_NBR = 1;

INSERT INTO D1_IMD_CTRL
SELECT lpad(n::text, 14, '0'), '1', '1', 'D1-IMDScalar', 'PENDING', LOCALTIMESTAMP, LOCALTIMESTAMP
  FROM generate_series(1, 5000) AS n;
ANALYZE;
