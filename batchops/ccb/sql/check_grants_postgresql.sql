-- name: check_grants_postgresql
-- purpose: The table privileges of our role in the schema it reads; SELECT is all it needs.
-- unit: one row a table and privilege
-- grants: none
-- cost: one look at the catalogue
SELECT c.RELNAME, p.PRIVILEGE
FROM PG_CLASS c
CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p (PRIVILEGE)
WHERE c.RELKIND IN ('r', 'p', 'v')
  AND c.RELNAMESPACE = CAST(CURRENT_SCHEMA() AS REGNAMESPACE)
  AND HAS_TABLE_PRIVILEGE(c.OID, p.PRIVILEGE)
ORDER BY c.RELNAME, p.PRIVILEGE
