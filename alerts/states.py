"""Say what can be in alerts: states, their looks and the moves between them; plain Python."""
