from __future__ import annotations

import io
import zipfile

import pytest

from jobs.archive import Names, write_archive


class TestNames:
    @pytest.mark.parametrize(
        ("wanted", "safe"),
        [
            ("../../etc/passwd", "etc/passwd"),
            ("/abs/x.pdf", "abs/x.pdf"),
            ("C:\\\\temp\\x", "C_/temp/x"),
            ("a/./b//c", "a/b/c"),
            ("CON.txt", "_CON.txt"),
            ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
            ("tab\t\x00<b>.txt ", "tab_b_.txt"),
            ("..", "file"),
            ("", "file"),
        ],
    )
    def test_none_leaves_the_archive_or_surprises_a_system(self, wanted, safe):
        assert Names().take(wanted) == safe

    def test_none_comes_twice_not_even_by_another_case(self):
        names = Names()
        taken = [names.take(name) for name in ("a.txt", "A.TXT", "a.txt", "b", "b", "manifest.csv")]
        assert taken == ["a.txt", "A (2).TXT", "a (3).txt", "b", "b (2)", "manifest (2).csv"]
        others = [names.take(name) for name in ("a (4).txt", "a.txt", "a (2).txt")]
        assert others == ["a (4).txt", "a (5).txt", "a (2) (2).txt"]

    def test_each_is_looked_for_once_however_many_are_alike(self):
        class Looked(set[str]):
            times = 0

            def __contains__(self, name):
                self.times += 1
                return super().__contains__(name)

        names = Names()
        names._taken = looked = Looked()
        taken = [names.take("a.txt") for _ in range(100)]
        assert (len(set(taken)), taken[-1]) == (100, "a (100).txt")
        assert looked.times < 300

    def test_the_archive_lists_formulas_as_text(self):
        file = io.BytesIO()
        write_archive(file, [("=cmd.txt", [b"x", b"y"])], go_on=lambda: None)
        archive = zipfile.ZipFile(file)
        assert archive.read("=cmd.txt") == b"xy"
        assert b"\r\n'=cmd.txt,2," in archive.read("manifest.csv")

    def test_the_same_files_make_the_same_archive(self):
        first, second = io.BytesIO(), io.BytesIO()
        for file in (first, second):
            write_archive(file, [("a", [b"x"])], go_on=lambda: None)
        assert first.getvalue() == second.getvalue()
