-- name: check_privileges_oracle
-- purpose: The system privileges of our session; CREATE SESSION is all it needs.
-- unit: one row a privilege
-- grants: none
-- cost: none
SELECT p.PRIVILEGE
FROM SESSION_PRIVS p
ORDER BY p.PRIVILEGE
