"""Look up in CC&B, by a question of the site, what it knows about the items of a finished job."""

from jobs.types.enrich.enrichment import Enrichment

__all__ = ["Enrichment"]
