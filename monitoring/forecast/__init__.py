"""Forecast a business day from what comparable days did: pure functions of facts, plain Python.

`facts` says what is known of a day, `history` which past days count and how, `paths` plays today's
rest once for each of them, and `outlook` reads when it is done out of these; `backtest` asks how
good that would have been. All times are seconds since the business day began.
"""
