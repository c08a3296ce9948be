"""Let a whole site live while it is broken on purpose, then ask whether all is whole."""
