"""Look at everything an operator would ask about, and say what to do where it is not well.

Each module looks at one thing and has functions that return findings; `examination` calls them.
"""
