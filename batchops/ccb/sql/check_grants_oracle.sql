-- name: check_grants_oracle
-- purpose: The table privileges granted to our account itself and to its enabled roles; READ is all it needs.
-- unit: one row a table and privilege
-- grants: none
-- cost: none
SELECT t.TABLE_NAME, t.PRIVILEGE
FROM USER_TAB_PRIVS_RECD t
UNION
SELECT r.TABLE_NAME, r.PRIVILEGE
FROM ROLE_TAB_PRIVS r
ORDER BY 1, 2
