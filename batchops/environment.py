"""Find the environment: what is set for this process, then the file in the data folder."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

NO_WORDS = ("false", "off", "n", "no", "0")
LONGEST_S = 10 * 366 * 86_400


class Environment(environ.Env):  # type: ignore[misc]
    """Take each value as it is; django-environ reads `$NAME` as the value of another variable.

    What cannot be meant is refused by name, where django-environ takes "maybe" for False.
    """

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        value = self.ENVIRON.get(var, "")
        if not value.startswith("$"):
            return super().get_value(var, *args, **kwargs)
        return self.parse_value(value, kwargs.get("cast"))

    def flag(self, var: str, *, default: bool) -> bool:
        """Return whether a setting is on.

        :raises ImproperlyConfigured: when it is neither True nor False.
        """
        said = self.str(var, default="").strip().lower()
        if said in self.BOOLEAN_TRUE_STRINGS:
            return True
        if said and said not in NO_WORDS:
            raise ImproperlyConfigured(f"{var} is '{said}'. Set it to True or False.")
        return default if not said else False

    def whole(self, var: str, *, default: int, least: int = 0) -> int:
        """Return a whole number.

        :raises ImproperlyConfigured: when it is none, or below `least`.
        """
        said = self.str(var, default="").strip() or str(default)
        if not said.isdecimal() or int(said) < least:
            raise ImproperlyConfigured(
                f"{var} is '{said}'. Set it to a whole number from {least} up."
            )
        return int(said)

    def number(self, var: str, *, default: float) -> float:
        """Return a number above 0.

        :raises ImproperlyConfigured: when it is none, or so great that it cannot be meant.
        """
        said = self.str(var, default="").strip() or str(default)
        try:
            number = float(said)
        except ValueError:
            number = 0.0
        if not 0 < number <= LONGEST_S:
            raise ImproperlyConfigured(f"{var} is '{said}'. Set it to a number above 0.")
        return number

    def seconds(self, var: str, *, default: float) -> timedelta:
        """Return a time that is given in seconds, above 0.

        :raises ImproperlyConfigured: when it is none.
        """
        return timedelta(seconds=self.number(var, default=default))


BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

DATA_DIR = Path(env.str("BATCHOPS_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
environ.Env.read_env(DATA_DIR / "batchops.env")
