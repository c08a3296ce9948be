"""Compose what people are told of a business day and of a shift, and show, hand out and mail it.

`daily` and `hand_over` compose: they read and return a dataclass. `letters`, `files` and `pages`
only show it; `sending` decides when it is mailed, by the outbox of alerts.
"""
