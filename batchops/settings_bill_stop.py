"""Say how the site has set CC&B up for bill stop, and what counts as stopped there."""

from datetime import timedelta

from batchops.environment import env

BILL_STOP_CRP_CHAR = env.str("BILL_STOP_CRP_CHAR", default="CM_CPRLA")
BILL_STOP_CPC_CHAR = env.str("BILL_STOP_CPC_CHAR", default="CM_LEGCY")
BILL_STOP_NOCS_CHAR = env.str("BILL_STOP_NOCS_CHAR", default="CM_NOCS")
BILL_STOP_SA_TYPE = env.str("BILL_STOP_SA_TYPE", default="PPD")
BILL_STOP_SA_STATUSES = [
    status.strip() for status in env.list("BILL_STOP_SA_STATUSES", default=["20"])
]
BILL_STOP_PHONE_TYPE = env.str("BILL_STOP_PHONE_TYPE", default="CELLPHONE")
BILL_STOP_METER_ID_TYPE = env.str("BILL_STOP_METER_ID_TYPE", default="D1SN")
BILL_STOP_RULE = env.str("BILL_STOP_RULE", default="days")
BILL_STOP_DAYS = env.whole("BILL_STOP_DAYS", default=3)
BILL_STOP_RANGES = env.whole("BILL_STOP_RANGES", default=25)
BILL_STOP_READ_LIMIT = env.seconds("BILL_STOP_READ_LIMIT_S", default=10)
BILL_STOP_KEPT = timedelta(days=env.whole("BILL_STOP_KEEP_DAYS", default=14))
