"""List the indexes by which long lists of jobs are narrowed down, searched and compared."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from jobs import states
from jobs.words import ERROR_WORDS, JOB_WORDS, LABEL

OF_JOBS: list[models.Index] = [
    # queries.page_of_jobs: newest first, all and by state; counts by state.
    models.Index(F("created_at").desc(), F("id").desc(), name="job_newest"),
    models.Index("state", F("created_at").desc(), F("id").desc(), name="job_state_newest"),
    # queries.JobFilter: newest first of one type and state, of one campaign, of one person.
    models.Index("type", F("created_at").desc(), F("id").desc(), name="job_type_newest"),
    models.Index(
        "type",
        "state",
        F("created_at").desc(),
        F("id").desc(),
        name="job_type_state_newest",
    ),
    models.Index(
        "campaign_id",
        F("created_at").desc(),
        F("id").desc(),
        condition=~Q(campaign_id=""),
        name="job_campaign_newest",
    ),
    models.Index(
        fields=["created_by", "-created_at"],
        opclasses=["varchar_pattern_ops", "timestamptz_ops"],
        name="job_by_newest",
    ),
    # queries.judging: how long the last good jobs of a type took.
    models.Index(
        "type",
        F("finished_at").desc(),
        condition=Q(state__in=(states.COMPLETED, states.COMPLETED_WITH_ERRORS)),
        name="job_good_of_type",
    ),
    # queries.JobFilter.search
    GinIndex(JOB_WORDS, name="job_words", fastupdate=False),
]

OF_ITEMS: list[models.Index] = [
    # queries.JobFilter.search: the beginning of an item's label, the words of its error.
    models.Index(
        LABEL,
        "job",
        condition=Q(params__has_key="label"),
        name="item_label",
    ),
    GinIndex(
        ERROR_WORDS,
        condition=Q(state=states.FAILED),
        name="item_error_words",
        fastupdate=False,
    ),
]
