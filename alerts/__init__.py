"""Tell the right person, at once and once, when something needs a hand."""
