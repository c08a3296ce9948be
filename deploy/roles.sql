-- The three roles of BatchOps and its database; docs/deploy.md says who connects as which.
-- Run once by the server's administrator: psql -d postgres -f deploy/roles.sql
-- Then give each a password: psql -d postgres -c '\password batchops_owner', and so on.

-- Owns the tables. Only `manage.py release` connects as it (DATABASE_OWNER_URL).
CREATE ROLE batchops_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 5;
-- What web and clusters run as (DATABASE_URL): rows, and nothing about tables.
CREATE ROLE batchops_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
-- For reports (DATABASE_REPORTS_ROLE): reads what reports need, and neither people nor secrets.
CREATE ROLE batchops_reports LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 5;
ALTER ROLE batchops_reports SET default_transaction_read_only = on;
-- A long report keeps clean-up from freeing what it removed.
ALTER ROLE batchops_reports SET statement_timeout = '5min';
ALTER ROLE batchops_reports SET idle_in_transaction_session_timeout = '1min';

CREATE DATABASE batchops OWNER batchops_owner;
REVOKE ALL ON DATABASE batchops FROM PUBLIC;
GRANT CONNECT ON DATABASE batchops TO batchops_app, batchops_reports;
