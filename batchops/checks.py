"""Check at every start that the settings hold together; docs/settings.md lists the ids."""
