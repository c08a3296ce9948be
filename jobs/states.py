"""Say what can be in jobs: states, their looks and the moves between them; plain Python."""
