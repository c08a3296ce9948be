"""Hold the job types that ship, each in a folder or file of its own."""
