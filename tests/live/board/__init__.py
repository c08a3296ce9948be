"""An app of the tests: notes in a table, one topic for all of them and one for each."""
