-- name: summary of a file batch
-- What the files of one job came to, added up from what each file's item keeps.
-- One row with one JSON object; every figure is 0 or null when no file was read.
WITH files AS MATERIALIZED (
    SELECT i.position, i.params ->> 'label' AS name, i.state, i.result,
           extract(epoch FROM i.finished_at - i.started_at) AS seconds
      FROM jobs_jobitem AS i
     WHERE i.job_id = %s AND i.state IN ('succeeded', 'failed')),
kinds AS (
    SELECT kind.key, sum(kind.value::bigint) AS errors
      FROM files, jsonb_each_text(files.result -> 'kinds') AS kind
     GROUP BY kind.key),
totals AS (
    SELECT coalesce(sum((result ->> 'rows')::bigint), 0) AS rows,
           coalesce(sum((result ->> 'valid')::bigint), 0) AS valid,
           coalesce(sum((result ->> 'rejected')::bigint), 0) AS rejected,
           coalesce(sum((result ->> 'errors')::bigint), 0) AS errors,
           count(*) FILTER (WHERE (result ->> 'rejected')::bigint > 0) AS with_rejected,
           count(*) FILTER (WHERE state = 'failed' AND result IS NULL) AS unreadable,
           coalesce(sum(seconds), 0) AS seconds
      FROM files)
SELECT jsonb_build_object(
           'rows', t.rows,
           'validRows', t.valid,
           'rejectedRows', t.rejected,
           'errors', t.errors,
           'filesWithRejectedRows', t.with_rejected,
           'unreadableFiles', t.unreadable,
           'workSeconds', round(t.seconds, 3),
           'errorsByKind', (SELECT coalesce(jsonb_object_agg(key, errors), '{}') FROM kinds),
           'slowestFile', (SELECT jsonb_build_object('position', position, 'name', name,
                                                     'seconds', round(seconds, 3))
                             FROM files WHERE seconds IS NOT NULL
                            ORDER BY seconds DESC, position LIMIT 1),
           'worstFile', (SELECT jsonb_build_object('position', position, 'name', name,
                                                   'rejectedRows', (result ->> 'rejected')::bigint)
                           FROM files WHERE (result ->> 'rejected')::bigint > 0
                          ORDER BY (result ->> 'rejected')::bigint DESC, position LIMIT 1))::text
  FROM totals AS t
