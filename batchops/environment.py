"""Find the environment: what is set for this process, then the file in the data folder."""

from pathlib import Path
from typing import Any

import environ


class Environment(environ.Env):  # type: ignore[misc]
    """Take each value as it is; django-environ reads `$NAME` as the value of another variable."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        value = self.ENVIRON.get(var, "")
        if not value.startswith("$"):
            return super().get_value(var, *args, **kwargs)
        return self.parse_value(value, kwargs.get("cast"))


BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

DATA_DIR = Path(env.str("BATCHOPS_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
environ.Env.read_env(DATA_DIR / "batchops.env")
