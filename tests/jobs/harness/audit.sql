-- name: audit
-- Written by triggers, so that a writer that goes past lifecycle is seen as well.
CREATE TABLE IF NOT EXISTS harness_result (item_id bigint, generation int, state text);
CREATE TABLE IF NOT EXISTS harness_violation (what text, id text, detail text);
CREATE OR REPLACE FUNCTION harness_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('succeeded', 'failed', 'cancelled') AND NEW.state <> 'pending' THEN
        INSERT INTO harness_violation VALUES ('overwritten', NEW.id::text, OLD.state);
    END IF;
    IF NEW.state IN ('succeeded', 'failed', 'cancelled') THEN
        INSERT INTO harness_result
        SELECT NEW.id, generation, NEW.state FROM jobs_job WHERE id = NEW.job_id;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION harness_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.generation = NEW.generation AND (NEW.succeeded < OLD.succeeded
            OR NEW.failed < OLD.failed OR NEW.cancelled < OLD.cancelled) THEN
        INSERT INTO harness_violation VALUES ('fell', NEW.id, OLD.succeeded::text);
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER harness_item AFTER UPDATE OF state ON jobs_jobitem
    FOR EACH ROW EXECUTE FUNCTION harness_item();
CREATE OR REPLACE TRIGGER harness_job AFTER UPDATE ON jobs_job
    FOR EACH ROW EXECUTE FUNCTION harness_job();
