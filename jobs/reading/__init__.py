"""Read files that people send: by what is in them, strictly, and never more than the limits say."""

from jobs.reading.csv_file import open_csv
from jobs.reading.errors import UnreadableFile
from jobs.reading.json_file import read_array
from jobs.reading.kinds import KINDS, WORDS, recognise
from jobs.reading.stored import GivenFile, JoinedFile, Piece
from jobs.reading.tables import Columns, Table, TableLimits
from jobs.reading.xlsx_file import open_xlsx
from jobs.reading.zip_file import Entry, ZipLimits, read_zip

__all__ = [
    "KINDS",
    "WORDS",
    "Columns",
    "Entry",
    "GivenFile",
    "JoinedFile",
    "Piece",
    "Table",
    "TableLimits",
    "UnreadableFile",
    "ZipLimits",
    "open_csv",
    "open_xlsx",
    "read_array",
    "read_zip",
    "recognise",
]
