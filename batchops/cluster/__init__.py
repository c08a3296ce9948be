"""Run django-q2's clusters so that no killed process can wedge them (docs/architecture.md)."""
