"""Judge runs: pure functions of run, history, step profile and clock; plain Python."""
