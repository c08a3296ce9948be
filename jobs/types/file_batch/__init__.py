"""File batch: many files, or archives of them, each held to the columns that the job declares.

`schema` takes in the columns and `checks` makes of them what judges a cell; `sources` opens the
files and `checking` holds one to the columns; `rejected` hands out the rows that were refused,
`summary` adds up a job. Tables are read by jobs.reading, which refuses what cannot be read.
"""

from jobs.types.file_batch.job_type import FileBatch

__all__ = ["FileBatch"]
