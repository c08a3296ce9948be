"""Kill, freeze and disturb real workers by a seeded plan, then ask SQL whether all is whole."""
