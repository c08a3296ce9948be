-- name: bill_stop
-- purpose: Agreements with a CRP's characteristic: who, where, which meter, what they owe, how their billing stands.
-- unit: one row an agreement and open service point; BALANCE_CENTS is hundredths of the currency
-- grants: READ on CI_SA, CI_SA_SP, CI_SP_CHAR, CI_PREM, CI_PREM_CHAR, CI_CHAR_VAL_L, CI_LOOKUP_VAL_L, CI_ACCT_PER, CI_PER_NAME, C1_PER_CONTDET, CI_BSEG, CI_FT, D1_SP_IDENTIFIER, D1_INSTALL_EVT, D1_DVC_CFG, D1_DVC_IDENTIFIER
-- cost: a range of CI_SA's primary key; for each agreement of the type a dozen look-ups by index and its own segments
SELECT sa.SA_ID, sa.SA_STATUS_FLG, sa.START_DT,
       crp.ADHOC_CHAR_VAL AS CRP_ACCOUNT_NO,
       (SELECT cpc.ADHOC_CHAR_VAL FROM CI_SP_CHAR cpc
         WHERE cpc.SP_ID = ss.SP_ID AND cpc.CHAR_TYPE_CD = CAST(:cpc_char AS CHAR(8))
           AND NOT EXISTS (SELECT 1 FROM CI_SP_CHAR cpc2
                            WHERE cpc2.SP_ID = cpc.SP_ID AND cpc2.CHAR_TYPE_CD = cpc.CHAR_TYPE_CD
                              AND cpc2.EFFDT > cpc.EFFDT)) AS CPC_CUSTOMER_NO,
       (SELECT MIN(di.ID_VALUE) FROM D1_SP_IDENTIFIER si
          JOIN D1_INSTALL_EVT ie ON ie.D1_SP_ID = si.D1_SP_ID AND ie.D1_REMOVAL_DTTM IS NULL
          JOIN D1_DVC_CFG dc ON dc.DEVICE_CONFIG_ID = ie.DEVICE_CONFIG_ID
          JOIN D1_DVC_IDENTIFIER di
            ON di.D1_DEVICE_ID = dc.D1_DEVICE_ID
           AND di.DVC_ID_TYPE_FLG = CAST(:meter_id_type AS CHAR(4))
         WHERE si.ID_VALUE = ss.SP_ID AND si.SP_ID_TYPE_FLG = 'D1EI') AS METER_NO,
       (SELECT MIN(pn.ENTITY_NAME) FROM CI_ACCT_PER ap
          JOIN CI_PER_NAME pn ON pn.PER_ID = ap.PER_ID AND pn.PRIM_NAME_SW = 'Y'
         WHERE ap.ACCT_ID = sa.ACCT_ID AND ap.MAIN_CUST_SW = 'Y') AS CUSTOMER_NAME,
       (SELECT MIN(cd.CONTACT_VALUE) FROM CI_ACCT_PER ap2
          JOIN C1_PER_CONTDET cd
            ON cd.PER_ID = ap2.PER_ID AND cd.CND_PRIMARY_FLG = 'C1YS'
           AND cd.COMM_RTE_TYPE_CD = CAST(:phone_type AS CHAR(30))
         WHERE ap2.ACCT_ID = sa.ACCT_ID AND ap2.MAIN_CUST_SW = 'Y') AS PHONE_NO,
       pr.ADDRESS1, pr.ADDRESS2, pr.CITY,
       (SELECT MIN(cv.DESCR) FROM CI_PREM_CHAR pc
          JOIN CI_CHAR_VAL_L cv
            ON cv.CHAR_TYPE_CD = pc.CHAR_TYPE_CD AND cv.CHAR_VAL = pc.CHAR_VAL
           AND cv.LANGUAGE_CD = CAST(:language_cd AS CHAR(3))
         WHERE pc.PREM_ID = sa.CHAR_PREM_ID AND pc.CHAR_TYPE_CD = CAST(:nocs_char AS CHAR(8))
           AND NOT EXISTS (SELECT 1 FROM CI_PREM_CHAR pc2
                            WHERE pc2.PREM_ID = pc.PREM_ID AND pc2.CHAR_TYPE_CD = pc.CHAR_TYPE_CD
                              AND pc2.EFFDT > pc.EFFDT)) AS NOCS_NAME,
       (SELECT MIN(lk.DESCR) FROM CI_LOOKUP_VAL_L lk
         WHERE lk.FIELD_NAME = 'SA_STATUS_FLG' AND lk.FIELD_VALUE = sa.SA_STATUS_FLG
           AND lk.LANGUAGE_CD = CAST(:language_cd AS CHAR(3))) AS SA_STATUS_DESC,
       (SELECT MAX(fz.END_DT) FROM CI_BSEG fz
         WHERE fz.SA_ID = sa.SA_ID AND fz.BSEG_STAT_FLG = '50') AS LAST_BILL_DT,
       CASE WHEN EXISTS (SELECT 1 FROM CI_BSEG er
                          WHERE er.SA_ID = sa.SA_ID AND er.BSEG_STAT_FLG = '20')
            THEN 'Y' ELSE 'N' END AS ERROR_SW,
       CASE WHEN EXISTS (SELECT 1 FROM CI_BSEG op
                          WHERE op.SA_ID = sa.SA_ID AND op.BSEG_STAT_FLG IN ('10', '30'))
            THEN 'Y' ELSE 'N' END AS UNFROZEN_SW,
       CASE WHEN EXISTS (SELECT 1 FROM CI_BSEG bs WHERE bs.SA_ID = sa.SA_ID)
            THEN 'Y' ELSE 'N' END AS SEGMENT_SW,
       (SELECT SUM(ft.TOT_AMT) * 100 FROM CI_FT ft
         WHERE ft.SA_ID = sa.SA_ID AND ft.FREEZE_SW = 'Y') AS BALANCE_CENTS
FROM CI_SA sa
JOIN CI_SA_SP ss ON ss.SA_ID = sa.SA_ID AND ss.STOP_DTTM IS NULL
JOIN CI_SP_CHAR crp ON crp.SP_ID = ss.SP_ID AND crp.CHAR_TYPE_CD = CAST(:crp_char AS CHAR(8))
LEFT JOIN CI_PREM pr ON pr.PREM_ID = sa.CHAR_PREM_ID
WHERE sa.SA_ID BETWEEN CAST(:low AS CHAR(10)) AND CAST(:high AS CHAR(10))
  AND sa.SA_TYPE_CD = CAST(:sa_type AS CHAR(8))
  AND sa.SA_STATUS_FLG IN (CAST(:sa_status_1 AS CHAR(2)), CAST(:sa_status_2 AS CHAR(2)),
                           CAST(:sa_status_3 AS CHAR(2)), CAST(:sa_status_4 AS CHAR(2)))
  AND NOT EXISTS (SELECT 1 FROM CI_SP_CHAR crp2
                   WHERE crp2.SP_ID = crp.SP_ID AND crp2.CHAR_TYPE_CD = crp.CHAR_TYPE_CD
                     AND crp2.EFFDT > crp.EFFDT)
ORDER BY sa.SA_ID, ss.SP_ID
