"""Bill stop: which prepaid connections CC&B no longer bills, by the CRP they belong to.

A job of this type reads CC&B range by range into a snapshot of its own. Everybody reads the
snapshot of the newest job that completed; that a job completes is what swaps them.
"""

from jobs.types.bill_stop.job_type import BillStop
from jobs.types.bill_stop.topic import register_topic

__all__ = ["BillStop", "register_topic"]
