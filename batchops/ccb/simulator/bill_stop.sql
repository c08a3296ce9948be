-- What bill stop reads of CC&B: agreements, service points, customers, bill segments, meters; and
-- functions of our own (SIM_*) that fill and bill them. Constraints and indexes that end in _P0 and
-- _S1 are named by us. Who is billed on a day follows from the agreement's number and the day
-- alone, so that nothing needs to be remembered. Names, addresses and phones belong to nobody.

DROP TABLE IF EXISTS CI_SA, CI_BSEG, CI_SA_SP, CI_SP_CHAR, CI_PREM;
CREATE TABLE CI_SA (
  SA_ID CHAR(10) NOT NULL,
  ACCT_ID CHAR(10) NOT NULL,
  SA_TYPE_CD CHAR(8) NOT NULL,
  SA_STATUS_FLG CHAR(2) NOT NULL,
  START_DT TIMESTAMP(0) NOT NULL,
  END_DT TIMESTAMP(0),
  CHAR_PREM_ID CHAR(10) NOT NULL,
  CONSTRAINT XM199P0 PRIMARY KEY (SA_ID)
);
CREATE TABLE CI_BSEG (
  BSEG_ID CHAR(12) NOT NULL,
  SA_ID CHAR(10) NOT NULL,
  BILL_ID CHAR(12) NOT NULL,
  START_DT TIMESTAMP(0),
  END_DT TIMESTAMP(0),
  BSEG_STAT_FLG CHAR(2) NOT NULL,
  CRE_DTTM TIMESTAMP(0),
  STAT_CHG_DTTM TIMESTAMP(0),
  CONSTRAINT XT048P0 PRIMARY KEY (BSEG_ID)
);
CREATE INDEX XT048S2 ON CI_BSEG (SA_ID);
CREATE TABLE CI_SA_SP (
  SA_SP_ID CHAR(10) NOT NULL,
  SA_ID CHAR(10) NOT NULL,
  SP_ID CHAR(10) NOT NULL,
  START_DTTM TIMESTAMP(0),
  STOP_DTTM TIMESTAMP(0),
  CONSTRAINT XM206P0 PRIMARY KEY (SA_SP_ID)
);
CREATE INDEX XM206S1 ON CI_SA_SP (SA_ID);
CREATE TABLE CI_SP_CHAR (
  SP_ID CHAR(10) NOT NULL,
  CHAR_TYPE_CD CHAR(8) NOT NULL,
  EFFDT TIMESTAMP(0) NOT NULL,
  ADHOC_CHAR_VAL VARCHAR(254) NOT NULL,
  SRCH_CHAR_VAL VARCHAR(50) NOT NULL,
  CONSTRAINT XM227P0 PRIMARY KEY (SP_ID, CHAR_TYPE_CD, EFFDT)
);
CREATE TABLE CI_PREM (
  PREM_ID CHAR(10) NOT NULL,
  ADDRESS1 VARCHAR(254) NOT NULL,
  ADDRESS2 VARCHAR(254) NOT NULL,
  CITY VARCHAR(90) NOT NULL,
  CONSTRAINT XM174P0 PRIMARY KEY (PREM_ID)
);
CREATE TABLE CI_PREM_CHAR (
  PREM_ID CHAR(10) NOT NULL,
  CHAR_TYPE_CD CHAR(8) NOT NULL,
  EFFDT TIMESTAMP(0) NOT NULL,
  CHAR_VAL CHAR(16) NOT NULL,
  CONSTRAINT XM177P0 PRIMARY KEY (PREM_ID, CHAR_TYPE_CD, EFFDT)
);
CREATE TABLE CI_CHAR_VAL_L (
  CHAR_TYPE_CD CHAR(8) NOT NULL,
  CHAR_VAL CHAR(16) NOT NULL,
  LANGUAGE_CD CHAR(3) NOT NULL,
  DESCR VARCHAR(60) NOT NULL,
  CONSTRAINT CI_CHAR_VAL_L_P0 PRIMARY KEY (CHAR_TYPE_CD, CHAR_VAL, LANGUAGE_CD)
);
CREATE TABLE CI_ACCT_PER (
  ACCT_ID CHAR(10) NOT NULL,
  PER_ID CHAR(10) NOT NULL,
  MAIN_CUST_SW CHAR(1) NOT NULL,
  CONSTRAINT CI_ACCT_PER_P0 PRIMARY KEY (ACCT_ID, PER_ID)
);
CREATE TABLE CI_PER_NAME (
  PER_ID CHAR(10) NOT NULL,
  SEQ_NUM NUMERIC(3) NOT NULL,
  ENTITY_NAME VARCHAR(254) NOT NULL,
  PRIM_NAME_SW CHAR(1) NOT NULL,
  CONSTRAINT CI_PER_NAME_P0 PRIMARY KEY (PER_ID, SEQ_NUM)
);
CREATE TABLE C1_PER_CONTDET (
  C1_CONTACT_ID CHAR(12) NOT NULL,
  PER_ID CHAR(10) NOT NULL,
  COMM_RTE_TYPE_CD CHAR(30) NOT NULL,
  CONTACT_VALUE VARCHAR(254) NOT NULL,
  CND_PRIMARY_FLG CHAR(4) NOT NULL,
  CONSTRAINT C1_PER_CONTDET_P0 PRIMARY KEY (C1_CONTACT_ID)
);
CREATE INDEX C1_PER_CONTDET_S1 ON C1_PER_CONTDET (PER_ID);
CREATE TABLE CI_FT (
  FT_ID CHAR(12) NOT NULL,
  SA_ID CHAR(10) NOT NULL,
  CUR_AMT NUMERIC(15,2) NOT NULL,
  TOT_AMT NUMERIC(15,2) NOT NULL,
  FREEZE_SW CHAR(1) NOT NULL,
  CONSTRAINT CI_FT_P0 PRIMARY KEY (FT_ID)
);
CREATE INDEX CI_FT_S1 ON CI_FT (SA_ID);
CREATE TABLE D1_SP_IDENTIFIER (
  D1_SP_ID CHAR(12) NOT NULL,
  SP_ID_TYPE_FLG CHAR(4) NOT NULL,
  ID_VALUE VARCHAR(120) NOT NULL,
  CONSTRAINT D1_SP_IDENTIFIER_P0 PRIMARY KEY (D1_SP_ID, SP_ID_TYPE_FLG)
);
CREATE INDEX D1_SP_IDENTIFIER_S1 ON D1_SP_IDENTIFIER (ID_VALUE, SP_ID_TYPE_FLG);
CREATE TABLE D1_INSTALL_EVT (
  INSTALL_EVT_ID CHAR(14) NOT NULL,
  D1_SP_ID CHAR(12) NOT NULL,
  DEVICE_CONFIG_ID CHAR(12) NOT NULL,
  D1_REMOVAL_DTTM TIMESTAMP(0),
  CONSTRAINT D1_INSTALL_EVT_P0 PRIMARY KEY (INSTALL_EVT_ID)
);
CREATE INDEX D1_INSTALL_EVT_S1 ON D1_INSTALL_EVT (D1_SP_ID);
CREATE TABLE D1_DVC_CFG (
  DEVICE_CONFIG_ID CHAR(12) NOT NULL,
  D1_DEVICE_ID CHAR(12) NOT NULL,
  CONSTRAINT D1_DVC_CFG_P0 PRIMARY KEY (DEVICE_CONFIG_ID)
);
CREATE TABLE D1_DVC_IDENTIFIER (
  D1_DEVICE_ID CHAR(12) NOT NULL,
  DVC_ID_TYPE_FLG CHAR(4) NOT NULL,
  ID_VALUE VARCHAR(120) NOT NULL,
  CONSTRAINT D1_DVC_IDENTIFIER_P0 PRIMARY KEY (D1_DEVICE_ID, DVC_ID_TYPE_FLG)
);

-- Ids spread evenly over all that there may be, as those that CC&B draws do.
CREATE FUNCTION SIM_ID(n BIGINT, salt BIGINT DEFAULT 0) RETURNS CHAR(10) LANGUAGE SQL IMMUTABLE AS $$
  SELECT lpad(((n * 6180339887 + salt * 1234567) % 10000000000)::text, 10, '0')
$$;
CREATE FUNCTION SIM_LONG_ID(n BIGINT) RETURNS CHAR(12) LANGUAGE SQL IMMUTABLE AS $$
  SELECT lpad((n * 618033988749 % 1000000000000)::text, 12, '0')
$$;
CREATE FUNCTION SIM_SEGMENT_ID(n BIGINT, day DATE) RETURNS CHAR(12) LANGUAGE SQL IMMUTABLE AS $$
  SELECT lpad((day - DATE '2015-01-01')::text, 5, '0') || lpad(n::text, 7, '0')
$$;
-- On 28 days in 400, its days 0 to 27, the billing of an agreement stands still.
CREATE FUNCTION SIM_PHASE(n BIGINT, day DATE) RETURNS BIGINT LANGUAGE SQL IMMUTABLE AS $$
  SELECT ((day - DATE '2015-01-01') + n * 37) % 400
$$;
-- What number an agreement has that a segment is of.
CREATE FUNCTION SIM_NUMBER(segment CHAR(12)) RETURNS BIGINT LANGUAGE SQL IMMUTABLE AS $$
  SELECT substr(segment, 6)::bigint
$$;
-- CRPs of very different sizes, of some thirty agreements in the mean.
CREATE FUNCTION SIM_CRP(n BIGINT, agreements BIGINT) RETURNS TEXT LANGUAGE SQL IMMUTABLE AS $$
  SELECT '3' || lpad((7919 * (1 + floor(ceil(agreements * 0.03)
         * power((n - 0.5) / agreements, 0.7)))::bigint % 10000000)::text, 7, '0')
$$;

CREATE FUNCTION SIM_AGREEMENTS(day DATE, agreements BIGINT)
RETURNS TABLE (n BIGINT, sa CHAR(10), account CHAR(10), premise CHAR(10), person CHAR(10),
               point CHAR(10), device CHAR(12), crp TEXT, cpc TEXT, since DATE, owed NUMERIC)
LANGUAGE SQL IMMUTABLE AS $$
  SELECT n, SIM_ID(n), SIM_ID(n, 1), SIM_ID(n, 2), SIM_ID(n, 3), SIM_ID(n, 4), SIM_LONG_ID(n),
         SIM_CRP(n, agreements), '2' || lpad((n * 104729 % 10000000)::text, 7, '0'),
         day - CASE WHEN n % 97 = 5 THEN 1 ELSE (200 + n * 13 % 1500)::int END,
         (n * 53 % 700 - n * 37 % 2500)::numeric + n % 100 / 100.0
    FROM generate_series(1::bigint, agreements) AS n
$$;

-- Make the agreements as they stand before the day's billing, all but their bills.
CREATE FUNCTION SIM_FILL(day DATE, agreements BIGINT) RETURNS VOID LANGUAGE SQL AS $$
  INSERT INTO CI_SA SELECT sa, account, 'PPD', '20', since, NULL, premise
    FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO CI_SA_SP SELECT sa, sa, point, since, NULL FROM SIM_AGREEMENTS(day, agreements);
  -- Some belonged to another CRP before: the later characteristic counts.
  INSERT INTO CI_SP_CHAR SELECT point, 'CM_CPRLA', since - 90, '39999999', '39999999'
    FROM SIM_AGREEMENTS(day, agreements) WHERE n % 20 = 3;
  INSERT INTO CI_SP_CHAR SELECT point, 'CM_CPRLA', since, crp, crp
    FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO CI_SP_CHAR SELECT point, 'CM_LEGCY', since, cpc, cpc
    FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO CI_PREM
  SELECT premise, 'House ' || 1 + n % 90,
         'Road ' || 1 + n % 31 || ', Block ' || substr('ABCDEFGH', (1 + n % 8)::int, 1), 'Dhaka'
    FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO CI_PREM_CHAR SELECT premise, 'CM_NOCS', since, 'N' || 1 + n % 9
    FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO CI_ACCT_PER SELECT account, person, 'Y' FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO CI_PER_NAME
  SELECT person, 1, (ARRAY['Household', 'Household', 'Household', 'Shop', 'Workshop', 'Tea stall',
                           'Pharmacy', 'Rice mill'])[1 + n % 8] || ' ' || lpad(n::text, 4, '0'), 'Y'
    FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO C1_PER_CONTDET
  SELECT device, person, 'CELLPHONE', '010' || lpad(n::text, 8, '0'), 'C1YS'
    FROM SIM_AGREEMENTS(day, agreements) WHERE n % 40 <> 9;
  INSERT INTO CI_FT SELECT device, sa, owed, owed, 'Y' FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO D1_SP_IDENTIFIER SELECT device, 'D1EI', point FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO D1_INSTALL_EVT SELECT device, device, device, NULL
    FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO D1_DVC_CFG SELECT device, device FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO D1_DVC_IDENTIFIER SELECT device, 'D1SN', lpad((n * 7919 % 100000000)::text, 8, '0')
    FROM SIM_AGREEMENTS(day, agreements);
  INSERT INTO CI_LOOKUP_VAL_L VALUES
    ('SA_STATUS_FLG', '10', 'ENG', 'Pending Start'), ('SA_STATUS_FLG', '20', 'ENG', 'Active'),
    ('SA_STATUS_FLG', '30', 'ENG', 'Pending Stop'), ('SA_STATUS_FLG', '60', 'ENG', 'Closed');
  INSERT INTO CI_CHAR_VAL_L
  SELECT 'CM_NOCS', 'N' || place, 'ENG',
         'NOCS ' || (ARRAY['North', 'South', 'East'])[1 + place % 3] || ' ' || 1 + place / 3
    FROM generate_series(1, 9) AS place;
$$;

-- Write what the billing of the day and of `ago` days before it left: the last days' bills, the
-- last one before a standstill, and the segment that is the reason of one that lasts.
CREATE FUNCTION SIM_BILL(day DATE, ago INT) RETURNS VOID LANGUAGE SQL AS $$
  INSERT INTO CI_BSEG
  SELECT SIM_SEGMENT_ID(n, d), SA_ID, ' ', d, d,
         CASE WHEN SIM_PHASE(n, d) >= 28 THEN '50'
              ELSE (ARRAY['20', '20', '30', '10'])[1 + n % 5] END, d, d
    FROM generate_series(1::bigint, (SELECT count(*) FROM CI_SA)) AS n
    JOIN CI_SA ON SA_ID = SIM_ID(n),
         LATERAL (SELECT day - before AS d, before FROM generate_series(ago, 0, -1) AS before) AS g
   WHERE n % 211 <> 13 AND n % 251 <> 7 AND d >= START_DT
     AND (before < 4 AND SIM_PHASE(n, d) >= 28
          OR SIM_PHASE(n, d) = 399
          OR SIM_PHASE(n, d) = 0 AND n % 5 < 4 AND SIM_PHASE(n, day) < 28)
  ON CONFLICT DO NOTHING;
  -- Whoever is billed again has no segment left that is not frozen.
  UPDATE CI_BSEG SET BSEG_STAT_FLG = '60', STAT_CHG_DTTM = day
   WHERE BSEG_STAT_FLG IN ('10', '20', '30') AND SIM_PHASE(SIM_NUMBER(BSEG_ID), day) >= 28;
  DELETE FROM CI_BSEG
   WHERE END_DT < day - 40 AND BSEG_STAT_FLG <> '60'
      OR END_DT < day - 4 AND BSEG_STAT_FLG = '50'
     AND SIM_PHASE(SIM_NUMBER(BSEG_ID), END_DT::date) <> 399;
$$;

-- Write what all billing before the day left, as if no later day had ever been.
CREATE FUNCTION SIM_BILL_ANEW(day DATE) RETURNS VOID LANGUAGE SQL AS $$
  DELETE FROM CI_BSEG;
  -- Some were never billed: all they have is a segment that was cancelled; others have none.
  INSERT INTO CI_BSEG
  SELECT SIM_SEGMENT_ID(n, day), SIM_ID(n), ' ', day - 9, day - 9, '60', day - 9, day - 8
    FROM generate_series(1::bigint, (SELECT count(*) FROM CI_SA)) AS n WHERE n % 211 = 13;
  SELECT SIM_BILL(day - 1, 40);
$$;
