"""Bill stop: which prepaid connections CC&B no longer bills, by the CRP they belong to.

A job of this type reads CC&B range by range into a snapshot of its own. Everybody reads the
snapshot of the newest job that completed; that a job completes is what swaps them.
"""
