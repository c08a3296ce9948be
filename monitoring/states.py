"""Say what can be in monitoring: states, their looks and the moves between them; plain Python."""
