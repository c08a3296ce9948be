"""Change what is stored about CC&B; nothing else does."""


def seed_workflow() -> None:
    """Create the six steps and the monitoring settings where they are missing."""
