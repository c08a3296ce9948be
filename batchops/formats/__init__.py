"""Write dates and times as operators do: the day first, 24 hours."""
