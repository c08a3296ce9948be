-- name: check_messages
-- purpose: Whether the message log, its parameters and its texts can be read.
-- unit: no rows
-- grants: READ on CI_MSG_LOG, CI_MSG_LOGPARM, CI_MSG_L
-- cost: none: the condition is false
SELECT m.SCHEDULER_ID, p.MESSAGE_PARM, l.MESSAGE_TEXT
FROM CI_MSG_LOG m
JOIN CI_MSG_LOGPARM p
  ON p.SCHEDULER_ID = m.SCHEDULER_ID
 AND p.MESSAGE_SEQ = m.MESSAGE_SEQ
JOIN CI_MSG_L l
  ON l.MESSAGE_CAT_NBR = m.MESSAGE_CAT_NBR
 AND l.MESSAGE_NBR = m.MESSAGE_NBR
WHERE 1 = 0
