-- name: check_version_oracle
-- purpose: The release of the database server; we need 12.1 or later.
-- unit: one row
-- grants: none
-- cost: none
SELECT VERSION FROM PRODUCT_COMPONENT_VERSION
WHERE PRODUCT LIKE 'Oracle%'
