"""Judge what a reading of CC&B shows: pure functions of facts, history, step and clock.

`judging.judge` is the door: a Picture in, the findings of every rule out. Plain Python.
"""
