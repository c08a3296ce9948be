"""Read cron texts, and say when they are due on the site's clock, whatever its zone does."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from batchops.calendar import on_the_wall
from batchops.errors import InvalidInput

LONGEST = 100
FIELDS = 5
SHAPE = (
    "Write five fields with spaces between them: minute, hour, day of the month, month, day of "
    "the week; such as '0 5 * * *' for every day at 05:00."
)
REMEDIES = {
    "Bad minute": "The minute must be 0 to 59, such as 0, 5,35 or */15.",
    "Bad hour": "The hour must be 0 to 23, such as 5, 8-17 or */2.",
    "Bad day-of-month": "The day of the month must be 1 to 31, and one that its month has; "
    "L means the last day.",
    "Bad month": "The month must be 1 to 12 or JAN to DEC.",
    "Bad day-of-week": "The day of the week must be 0 to 7 (0 and 7 are Sunday) or SUN to SAT, "
    "such as MON-FRI.",
}
NEVER = "No day fits all fields in the next 50 years. Look at the day, the month and the weekday."
# Any moment will do to read a text; this one is a leap year's first.
SOME_DAY = datetime(2024, 1, 1)  # noqa: DTZ001 (on the wall, in no zone)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron text that can be due, in the zone whose clock it is read on.

    A text that names its hours means times on the wall: each comes once, also in the hour that
    autumn repeats, and one that spring leaves out comes at the end of the gap. A text whose hour
    is `*` means every hour that passes.
    """

    text: str
    zone: ZoneInfo = field(compare=False)

    @classmethod
    def parse(cls, text: str, *, zone: ZoneInfo) -> "Cron":
        """Return the cron that `text` means.

        :raises InvalidInput: when it means none; the sentence says which field, and a remedy.
        """
        problem = _problem(text)
        if problem:
            raise InvalidInput(problem, {"cron": [problem]})
        return cls(" ".join(text.split()), zone)

    @property
    def words(self) -> str:
        """Return the text in English words."""
        return CronSim(self.text, SOME_DAY).explain()

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the due times after the aware `moment`, in UTC and in order, each once."""
        last = moment
        for due_at in self._every_hour(moment) if self._means_every_hour else self._wall(moment):
            if due_at > last:
                last = due_at
                yield due_at

    def next_times(self, moment: datetime, *, count: int) -> list[datetime]:
        """Return up to `count` due times after `moment`, in UTC."""
        return list(islice(self.after(moment), count))

    @property
    def _means_every_hour(self) -> bool:
        return self.text.split()[1] == "*"

    def _every_hour(self, moment: datetime) -> Iterator[datetime]:
        # With its hour a star, CronSim steps in real time through whatever the zone does.
        for local in CronSim(self.text, moment.astimezone(self.zone)):
            yield local.astimezone(UTC)

    def _wall(self, moment: datetime) -> Iterator[datetime]:
        for wall in CronSim(self.text, moment.astimezone(self.zone).replace(tzinfo=None)):
            yield on_the_wall(wall, zone=self.zone)


def _problem(text: str) -> str:
    if len(text) > LONGEST:
        return f"Too long; a cron text has at most {LONGEST} characters. {SHAPE}"
    if len(text.split()) != FIELDS:
        return f"This is no cron text. {SHAPE}"
    try:
        first = next(CronSim(text, SOME_DAY), None)
    except CronSimError as error:
        return REMEDIES.get(str(error), SHAPE)
    return "" if first else NEVER
