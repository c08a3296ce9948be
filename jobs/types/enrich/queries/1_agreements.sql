-- name: agreements
-- label: Service agreements of the account
-- purpose: The agreements of an account, where they are and until when they are billed.
-- columns: Agreement; Customer; Type; Status; Since; Until; Address; City; Billed until
-- bind account: accountNo, accountId, account, acct_id, ACCT_ID
-- grants: READ on CI_SA, CI_PREM, CI_BSEG, CI_ACCT_PER, CI_PER_NAME
-- cost: CI_SA by account (XM199S1), then primary keys
SELECT sa.SA_ID,
       (SELECT MIN(pn.ENTITY_NAME) FROM CI_ACCT_PER ap
          JOIN CI_PER_NAME pn ON pn.PER_ID = ap.PER_ID AND pn.PRIM_NAME_SW = 'Y'
         WHERE ap.ACCT_ID = sa.ACCT_ID AND ap.MAIN_CUST_SW = 'Y') AS CUSTOMER,
       sa.SA_TYPE_CD, sa.SA_STATUS_FLG, sa.START_DT, sa.END_DT, pr.ADDRESS1, pr.CITY,
       (SELECT MAX(bs.END_DT) FROM CI_BSEG bs
         WHERE bs.SA_ID = sa.SA_ID AND bs.BSEG_STAT_FLG = '50') AS BILLED_UNTIL
FROM CI_SA sa
LEFT JOIN CI_PREM pr ON pr.PREM_ID = sa.CHAR_PREM_ID
WHERE sa.ACCT_ID = CAST(:account AS CHAR(10)) AND LENGTH(:account) <= 10
ORDER BY sa.SA_ID
