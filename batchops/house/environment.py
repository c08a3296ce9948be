"""Keep what every other command needs to know in `batchops.env` in the data folder.

settings.py reads the file. What stands above the mark is the site's own and is never touched;
what stands below it, `manage.py up` writes anew at each start.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet

FILE_NAME = "batchops.env"
MARK = "# Below this line `manage.py up` writes; your own settings go above it."
MANAGED = (
    "SECRET_KEY",
    "BATCHOPS_SECRETS_KEY",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "CCB_URL",
    "CCB_OWNER_URL",
    "CCB_CLOCK_SPEED",
)


def given(data_dir: Path) -> dict[str, str]:
    """Return the managed settings that the environment or the site's own lines set."""
    own, _ = _parts(data_dir)
    found = _values(own) | {name: value for name, value in os.environ.items() if value}
    return {name: found[name] for name in MANAGED if name in found}


def write(data_dir: Path, values: Mapping[str, str]) -> None:
    """Write `values` below the mark, for the owner's eyes only; the file changes at once or not.

    Keys made earlier stay; the first time they are made.
    """
    own, managed = _parts(data_dir)
    kept = _values(managed)
    keys = {
        "SECRET_KEY": kept.get("SECRET_KEY") or secrets.token_urlsafe(50),
        "BATCHOPS_SECRETS_KEY": kept.get("BATCHOPS_SECRETS_KEY") or Fernet.generate_key().decode(),
    }
    lines = [f"{name}={value}" for name, value in (keys | dict(values)).items()]
    part = data_dir / f"{FILE_NAME}.new"
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with part.open("w") as file:
        file.write("\n".join([*own, MARK, *lines]) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(data_dir / FILE_NAME)


def for_services(data_dir: Path) -> dict[str, str]:
    """Return the environment of the services: ours without empty settings and one-time secrets."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "BATCHOPS_ADMIN_PASSWORD" and (value or name not in MANAGED)
    }
    return kept | {"BATCHOPS_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"}


def _parts(data_dir: Path) -> tuple[list[str], list[str]]:
    path = data_dir / FILE_NAME
    lines = path.read_text().splitlines() if path.exists() else []
    split = lines.index(MARK) if MARK in lines else len(lines)
    return lines[:split], lines[split + 1 :]


def _values(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {
        name.strip().removeprefix("export "): value.strip().strip("'\"")
        for name, equals, value in pairs
        if equals and value.strip()
    }
