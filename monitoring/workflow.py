"""List the six steps that every installation starts with; people edit them afterwards."""

from datetime import time
from typing import Any

SEEDED: tuple[dict[str, Any], ...] = (
    {
        "batch_code": "CM-DMRU",
        "source_batch_cd": "CM-DMRU",
        "name": "First Reads Batch",
        "expected_start": time(5),
        "expected_minutes": 130,
        "max_minutes": 240,
        "rps_floor": 20,
    },
    {
        "batch_code": "D1-IMD",
        "source_batch_cd": "D1-IMD",
        "name": "D1-IMD Process",
        "expected_start": time(7),
        "expected_minutes": 30,
        "max_minutes": 120,
        "repeats": True,
        "drains_imd": True,
        "depends_on_id": "CM-DMRU",
        "rps_floor": 20,
    },
    {
        "batch_code": "C1-PPBTR",
        "source_batch_cd": "C1-PPBTR",
        "name": "Prepay Biller Task",
        "expected_start": time(9, 30),
        "expected_minutes": 20,
        "max_minutes": 60,
        "repeats": True,
        "depends_on_id": "D1-IMD",
        "stuck_profile": "status_only",
    },
    {
        "batch_code": "F1-FLUSH",
        "source_batch_cd": "F1-FLUSH",
        "name": "Flush Batch",
        "expected_start": time(10),
        "expected_minutes": 5,
        "max_minutes": 30,
        "repeats": True,
        "is_critical": False,
        "stuck_profile": "off",
    },
    {
        "batch_code": "CM_BSGGN",
        "source_batch_cd": "CM_BSGGN",
        "name": "Bill Segment Creation",
        "expected_start": time(11),
        "expected_minutes": 120,
        "max_minutes": 240,
        "depends_on_id": "C1-PPBTR",
        "rps_floor": 20,
    },
    {
        "batch_code": "BILLRESTSMS",
        "source_batch_cd": "BILLREST",  # CC&B's codes have at most 8 characters
        "name": "SMS Batch",
        "expected_start": time(14),
        "expected_minutes": 45,
        "max_minutes": 120,
        "depends_on_id": "CM_BSGGN",
        "is_critical": False,
    },
)
