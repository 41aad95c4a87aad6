"""Reading samples and rows from files: CSV, JSON, JSON lines, Parquet.

Two questions, two functions. At export nothing is known yet but what the fitted model remembers, so `read_sample`
finds out what each column is and refuses to guess where a guess could be wrong. Afterwards the signature is known and
`read_rows` reads by it. Both read a file by `files` and its values by `isoship_edge`'s cells, whatever its ending.
Parquet carries its own types and is the format to prefer.
"""

from isoship.data.dtypes import parse_dtypes
from isoship.data.files import FORMATS, read_rows
from isoship.data.sample import read_sample

__all__ = ["FORMATS", "parse_dtypes", "read_rows", "read_sample"]
