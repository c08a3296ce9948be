"""Hold what the pages of jobs share: permissions and links within a page."""

from urllib.parse import urlencode

from jobs.serializers import NAME_IN_PATH

VIEW, START = "jobs.view_job", "jobs.start_job"


# Not the stock admin's list of mails about jobs, which stands where a job might.
NAMED = rf"(?P<job_id>(?!jobwatch/){NAME_IN_PATH})"
FILED = r"(?P<position>[0-9]{1,18})"


def link(**parameters: str) -> str:
    """Return a query string of what is given; of nothing, the page itself."""
    given = {name: value for name, value in parameters.items() if value}
    return f"?{urlencode(given)}" if given else "."
