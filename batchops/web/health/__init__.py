"""Show whether workers, source, channels and database are well, and what to do if not."""
