"""Hold the house's rules that no linter knows (docs/architecture.md says why)."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.embedded import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
STATIC = ROOT / "batchops/static/batchops"
PACKAGES = ("batchops", "jobs", "monitoring", "alerts")
FILE_LINES = 400
FUNCTION_LINES = 50
CSS_BYTES = JS_BYTES = 40 * 1024


def python_files(*, tests: bool = False) -> list[Path]:
    folders = (*PACKAGES, "tests") if tests else PACKAGES
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def own_files(pattern: str) -> list[Path]:
    return [path for path in sorted(STATIC.rglob(pattern)) if "vendor" not in path.parts]


def own_bytes(pattern: str) -> int:
    return sum(path.stat().st_size for path in own_files(pattern))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


class TestSizes:
    def test_files_and_functions_stay_readable(self) -> None:
        texts = {name_of(path): path.read_text() for path in python_files(tests=True)}

        long_files = {
            name: length
            for name, text in texts.items()
            if (length := len(text.splitlines())) > FILE_LINES
        }
        long_functions = {
            f"{name}: {node.name}": length
            for name, text in texts.items()
            for node in functions(text)
            if (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
        }

        assert len(texts) > 500
        assert long_files == {}
        assert long_functions == {}

    def test_own_styles_stay_small(self) -> None:
        assert 0 < own_bytes("*.css") <= CSS_BYTES

    def test_own_scripts_stay_small(self) -> None:
        assert 0 < own_bytes("*.js") <= JS_BYTES


def writes_state(tree: ast.AST) -> Iterator[int]:
    """Yield the lines of a module that set a `state`: by assignment, call or SQL."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr="state"), *_]):
                yield node.lineno
            case ast.Call(func=ast.Attribute(attr="update"), keywords=keywords) if any(
                keyword.arg == "state" for keyword in keywords
            ):
                yield node.lineno
            case ast.Call(func=ast.Attribute(attr="bulk_update")):
                yield node.lineno
            case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant("state"), _]):
                yield node.lineno
            case ast.Constant(str() as text) if STATE_SQL.search(text):
                yield node.lineno


STATE_SQL = re.compile(
    r"\bUPDATE\s+(jobs_|batch_monitoring_alerts|batch_execution_logs)", re.IGNORECASE
)


class TestState:
    """State is written by the apps' lifecycle modules and by nobody else."""

    def test_only_lifecycle_modules_write_it(self) -> None:
        offenders = [
            f"{name_of(path)}:{line}"
            for path in python_files()
            if not re.match(r"\w+/lifecycle(\.py|/\w+\.py)$", name_of(path))
            for line in writes_state(ast.parse(path.read_text()))
        ]

        assert offenders == []

    @pytest.mark.parametrize(
        "text",
        [
            "job.state = 1",
            "Job.objects.filter(\n    pk=1\n).update(\n    error='',\n    state='failed',\n)",
            "setattr(job, 'state', 1)",
            "Job.objects.bulk_update(jobs, ['state'])",
            "SQL = 'UPDATE\\n  jobs_job SET state = 1'",
        ],
    )
    def test_it_sees_every_way_to_write(self, text: str) -> None:
        assert list(writes_state(ast.parse(text)))

    def test_nothing_hides_behind_signals_or_save(self) -> None:
        hidden = re.compile(r"@receiver|post_save|pre_save|def save\(")

        offenders = [name_of(p) for p in python_files() if hidden.search(p.read_text())]

        assert offenders == []


class TestStart:
    """Every command and each process of `make run` pays for what is imported before it begins."""

    LATE = {
        "apprise",
        "openpyxl",
        "oracledb",
        "reportlab",
        "requests",
        "rest_framework.serializers",
        "rest_framework.views",
        # What registers pages, topics, ticks and job types.
        "alerts.tasks",
        "batchops.web.urls",
        "jobs.admin",
        "jobs.registry",
        "jobs.topics",
        "monitoring.tasks",
    }

    def test_it_imports_models_and_no_more(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", "import django, sys; django.setup(); print(*sys.modules)"],
            cwd=ROOT,
            env={**os.environ, "SECRET_KEY": settings.SECRET_KEY},
            capture_output=True,
            text=True,
            check=True,
        )
        imported = set(done.stdout.split())

        assert "jobs.models" in imported
        assert self.LATE & imported == set()


class TestTemplates:
    TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
    FORBIDDEN = {
        "an inline style": re.compile(r"\sstyle\s*=", re.IGNORECASE),
        "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
        "a script without src": re.compile(
            r"<script(?![^>]*\ssrc=)(?![^>]*application/json)", re.IGNORECASE
        ),
        "another host": re.compile(r"(src|href)=[\"'](https?:)?//", re.IGNORECASE),
        "an unescaped value": re.compile(r"\|\s*safe\b|autoescape off"),
    }

    def test_they_hold_to_the_content_security_policy(self) -> None:
        found = [
            f"{name_of(path)}: {what}"
            for path in self.TEMPLATES
            for what, pattern in self.FORBIDDEN.items()
            if pattern.search(path.read_text())
        ]

        assert self.TEMPLATES
        assert found == []


class TestScripts:
    TEXTS = {name_of(path): path.read_text() for path in own_files("*.js")}
    INTO_MARKUP = re.compile(r"(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|eval\(")

    def test_imports_end_with_a_semicolon(self) -> None:
        """Else the manifest storage leaves the import pointing at the unhashed name."""
        imports = [
            (name, line.rstrip())
            for name, text in self.TEXTS.items()
            for line in re.findall(r"^import .*$", text, re.MULTILINE)
        ]

        assert imports
        assert [(name, line) for name, line in imports if not line.endswith(";")] == []

    def test_they_put_no_text_into_markup(self) -> None:
        assert [name for name, text in self.TEXTS.items() if self.INTO_MARKUP.search(text)] == []


class TestSql:
    HEADER = ("name", "purpose", "unit", "grants", "cost")

    def test_every_statement_says_what_it_is(self) -> None:
        comments = {
            name_of(path): re.findall(r"^-- (\w+)", path.read_text(), re.MULTILINE)
            for path in sorted((ROOT / "batchops/ccb/sql").glob("*.sql"))
        }

        assert comments
        assert {
            name for name, words in comments.items() if not set(self.HEADER) <= {*words}
        } == set()


class TestDocs:
    PROOF = re.compile(r"((?:[a-z]+/)*test_[a-z_]+\.py)((?:::\w+)*)")
    READ = re.compile(
        r"(?:\benv\.\w+\(|environ(?:\.get\(|\.setdefault\(|\[)|getenv\()\s*\"([A-Z][A-Z_]+)\""
    )
    # Set by us for others' code, not read as settings.
    FOREIGN = {"DJANGO_SETTINGS_MODULE", "Q_CLUSTER_NAME"}

    def variables(self, files: list[Path]) -> set[str]:
        return {name for path in files for name in self.READ.findall(path.read_text())}

    def test_settings_and_their_page_say_the_same(self) -> None:
        read = self.variables(python_files())
        read_by_tests = self.variables(sorted((ROOT / "tests").rglob("*.py")))
        explained = set(
            re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
        )

        assert {
            "not explained": read - explained - self.FOREIGN,
            "not read": explained - read - read_by_tests,
        } == {
            "not explained": set(),
            "not read": set(),
        }

    def test_every_system_check_is_listed(self) -> None:
        ids = set(re.findall(r"batchops\.[EW]\d{3}", (ROOT / "batchops/checks.py").read_text()))

        assert ids
        assert {i for i in ids if i not in (ROOT / "docs/settings.md").read_text()} == set()

    def test_the_proofs_that_the_pages_name_are_there(self) -> None:
        tests = {f"/{name_of(path)}": path.read_text() for path in (ROOT / "tests").rglob("*.py")}
        named = {
            (name_of(page), file, names)
            for page in PAGES
            for file, names in self.PROOF.findall(page.read_text())
        }

        assert named
        assert [
            (page, file + names)
            for page, file, names in sorted(named)
            if not any(
                test.endswith(f"/{file}")
                and all(re.search(rf"(class|def) {name}\b", text) for name in names.split("::"))
                for test, text in tests.items()
            )
        ] == []

    def test_the_readme_stays_short(self) -> None:
        assert len((ROOT / "README.md").read_text().splitlines()) <= 150

    def test_links_between_the_pages_lead_somewhere(self) -> None:
        broken = [
            f"{name_of(page)}: {target}"
            for page in PAGES
            for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
            if not (page.parent / target).exists()
        ]

        assert broken == []
