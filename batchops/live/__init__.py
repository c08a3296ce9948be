"""Push what changed to every screen that watches it (docs/architecture.md, "Live")."""
