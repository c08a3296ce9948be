-- Views for SQL that was written for older consoles. They are read-only: writing raises. Migrations
-- change the tables below them, so `manage.py migrate` drops them first and makes them anew.

DROP VIEW IF EXISTS batch_jobs, batch_job_progress, processing_jobs, run_summaries,
                    batch_status_summary;

-- One row per job; `status` as the API shows it, `outcome` how exactly it ended.
CREATE VIEW batch_jobs AS
SELECT j.id,
       nullif(j.campaign_id, '') AS campaign_id,
       nullif(j.external_id, '') AS external_id,
       j.type,
       j.title,
       CASE j.state WHEN 'completed_with_errors' THEN 'completed' ELSE j.state END AS status,
       CASE WHEN j.finished_at IS NOT NULL THEN j.state END AS outcome,
       j.priority,
       j.generation,
       coalesce(j.items_total, 0) AS total_recipients,
       j.succeeded + j.failed AS processed_count,
       j.succeeded AS success_count,
       j.failed AS failed_count,
       j.cancelled AS cancelled_count,
       nullif(j.error, '') AS error,
       j.created_by,
       j.created_at,
       j.started_at,
       j.finished_at AS completed_at,
       CASE WHEN j.artifact_state = 'ready'
           THEN 'api/batch-jobs/' || j.id || '/download' END AS output_zip_path
  FROM jobs_job AS j;

-- The newest progress of each job; rounded down, so that 100 means done.
CREATE VIEW batch_job_progress AS
SELECT j.id AS job_id,
       CASE
           WHEN j.state IN ('completed', 'completed_with_errors') THEN 100
           WHEN coalesce(j.items_total, 0) = 0 THEN 0
           WHEN j.finished_at IS NULL
               THEN least(99, 100 * (j.succeeded + j.failed)::bigint / j.items_total)
           ELSE 100 * (j.succeeded + j.failed)::bigint / j.items_total
       END::integer AS progress_percent,
       j.succeeded + j.failed AS processed_count,
       coalesce(j.items_total, 0) AS total_count,
       coalesce(j.last_settled_at, j.created_at) AS created_at
  FROM jobs_job AS j;

-- A job as a batch of files, under the id of the system that sent it if that gave one.
CREATE VIEW processing_jobs AS
SELECT coalesce(nullif(j.external_id, ''), j.id) AS batch_id,
       j.id AS run_id,
       CASE WHEN j.finished_at IS NULL THEN 'processing' ELSE j.state END AS status,
       j.type AS job_type,
       j.created_at,
       j.started_at,
       j.finished_at AS completed_at
  FROM jobs_job AS j;

-- The newest summary of each batch.
CREATE VIEW run_summaries AS
SELECT DISTINCT ON (s.job_id)
       s.job_id AS run_id,
       s.state AS status,
       s.items_total AS total_files,
       s.succeeded AS success_files,
       s.failed AS failed_files,
       s.cancelled AS cancelled_files,
       s.generation,
       s.details,
       s.created_at
  FROM jobs_runsummary AS s
 ORDER BY s.job_id, s.generation DESC;

-- How many files of a batch are where. Those pending are the rest: every item is counted once. In
-- work is what a worker is at, not what waits in its hand.
-- The total is null until all are known, so that a batch just begun is not taken for a stuck one.
CREATE VIEW batch_status_summary AS
SELECT coalesce(nullif(j.external_id, ''), j.id) AS batch_id,
       j.succeeded AS files_success,
       j.failed AS files_failed,
       least(work.files, files_left.files) AS files_processing,
       files_left.files - least(work.files, files_left.files) AS files_pending,
       j.cancelled AS files_cancelled,
       j.items_total AS total_files,
       CASE WHEN j.succeeded + j.failed > 0 THEN j.last_settled_at END
           AS last_file_completed_at
  FROM jobs_job AS j
 CROSS JOIN LATERAL (
       SELECT coalesce(j.items_total, j.next_position)
                  - j.succeeded - j.failed - j.cancelled AS files) AS files_left
 CROSS JOIN LATERAL (
       SELECT count(*)::integer AS files
         FROM jobs_claim AS c
         JOIN jobs_jobitem AS i ON i.id = ANY(c.item_ids) AND i.claim_id = c.id
        WHERE c.job_id = j.id
          AND (cardinality(c.item_ids) = 1 OR i.id = c.item_id
               OR (c.item_id IS NULL AND c.item_since IS NOT NULL))) AS work;

CREATE OR REPLACE FUNCTION refuse_write_to_view() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is read-only; nothing was written.', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'Change jobs on the console''s pages or by its API (docs/api.md).';
END
$$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['batch_jobs', 'batch_job_progress', 'processing_jobs',
                                'run_summaries', 'batch_status_summary']
    LOOP
        -- The first so that the view counts as one that can be written; the second, because a
        -- statement that matches no row would else pass without a word.
        EXECUTE format('CREATE TRIGGER refuse_row INSTEAD OF INSERT OR UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION refuse_write_to_view()', name);
        EXECUTE format('CREATE TRIGGER refuse_statement BEFORE INSERT OR UPDATE OR DELETE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION refuse_write_to_view()', name);
    END LOOP;
END
$$;
