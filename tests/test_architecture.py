"""Hold the house's rules that no linter knows (docs/architecture.md says why)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
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


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


class TestSizes:
    @pytest.mark.parametrize("path", python_files(tests=True), ids=name_of)
    def test_files_and_functions_stay_readable(self, path: Path) -> None:
        long_functions = [
            f"{node.name}: {length} lines"
            for node in functions(path)
            if (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
        ]

        assert len(path.read_text().splitlines()) <= FILE_LINES
        assert long_functions == []

    def test_own_scripts_and_styles_stay_small(self) -> None:
        static = ROOT / "batchops/static/batchops"

        def total(pattern: str) -> int:
            return sum(p.stat().st_size for p in static.rglob(pattern) if "vendor" not in p.parts)

        assert 0 < total("*.js") <= JS_BYTES
        assert 0 < total("*.css") <= CSS_BYTES


class TestState:
    """State is written by the apps' lifecycle modules and by nobody else."""

    WRITERS = re.compile(
        r"\.update\([^)]*\bstate\s*=|\.state\s*=[^=]|"
        r"UPDATE\s+(jobs_|batch_monitoring_alerts|batch_execution_logs)",
        re.IGNORECASE,
    )

    def test_only_lifecycle_modules_write_it(self) -> None:
        offenders = [
            f"{name_of(path)}:{number}"
            for path in python_files()
            if "lifecycle" not in str(path.relative_to(ROOT))
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if self.WRITERS.search(line)
        ]

        assert offenders == []

    def test_nothing_hides_behind_signals_or_save(self) -> None:
        hidden = re.compile(r"@receiver|post_save|pre_save|def save\(")

        offenders = [name_of(p) for p in python_files() if hidden.search(p.read_text())]

        assert offenders == []


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

    @pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
    def test_they_hold_to_the_content_security_policy(self, path: Path) -> None:
        text = path.read_text()

        found = [what for what, pattern in self.FORBIDDEN.items() if pattern.search(text)]

        assert found == []


class TestScripts:
    SCRIPTS = [
        p
        for p in sorted((ROOT / "batchops/static/batchops").rglob("*.js"))
        if "vendor" not in p.parts
    ]

    @pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
    def test_imports_end_with_a_semicolon(self, path: Path) -> None:
        """Else the manifest storage leaves the import pointing at the unhashed name."""
        imports = re.findall(r"^import .*$", path.read_text(), re.MULTILINE)

        assert [line for line in imports if not line.rstrip().endswith(";")] == []

    @pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
    def test_they_put_no_text_into_markup(self, path: Path) -> None:
        assert not re.search(
            r"(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|eval\(", path.read_text()
        )


class TestSql:
    HEADER = ("name", "purpose", "unit", "grants", "cost")

    @pytest.mark.parametrize("path", sorted((ROOT / "batchops/ccb/sql").glob("*.sql")), ids=name_of)
    def test_every_statement_says_what_it_is(self, path: Path) -> None:
        comments = re.findall(r"^-- (\w+)", path.read_text(), re.MULTILINE)

        assert [word for word in self.HEADER if word not in comments] == []


class TestDocs:
    def test_every_setting_is_explained(self) -> None:
        source = (ROOT / "batchops/settings.py").read_text()
        read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", source))
        explained = set(
            re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
        )

        assert read - explained == set()

    def test_every_system_check_is_listed(self) -> None:
        ids = set(re.findall(r"batchops\.[EW]\d{3}", (ROOT / "batchops/checks.py").read_text()))

        assert ids
        assert {i for i in ids if i not in (ROOT / "docs/settings.md").read_text()} == set()

    def test_the_readme_stays_short(self) -> None:
        assert len((ROOT / "README.md").read_text().splitlines()) <= 150

    def test_links_between_the_pages_lead_somewhere(self) -> None:
        pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]

        broken = [
            f"{name_of(page)}: {target}"
            for page in pages
            for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
            if not (page.parent / target).exists()
        ]

        assert broken == []
