"""ClickHouse's errors: their code, their text as a server words it, their HTTP status."""

from __future__ import annotations

import re

from hadir.errors import HadirError

_CODE = re.compile(r"Code: (\d+)")
_STATUS: dict[int, int] = {194: 401, 223: 413, 257: 413, 48: 501, 209: 503, 76: 503, 439: 503, 381: 411, 159: 408}
_STATUS |= dict.fromkeys((192, 193, 516, 497, 512), 403)
_STATUS |= dict.fromkeys(
    (36, 427, 6, 25, 26, 38, 41, 72, 441, 675, 676, 27, 376, 15, 44, 8, 56, 167, 168, 223, 62, 117, 53, 321), 400
)
_STATUS |= dict.fromkeys((60, 46, 47, 50, 81, 115, 63, 73, 336, 511, 98), 404)

SYNTAX_ERROR = 62
NOT_IMPLEMENTED = 48
READONLY = 164
TOO_MANY_QUERIES = 202
SESSION_NOT_FOUND = 372
SESSION_IS_LOCKED = 373
AUTHENTICATION_FAILED = 516
TOO_LARGE = 307
BAD_ARGUMENTS = 36
UNKNOWN_COMPRESSION = 89
CANNOT_DECOMPRESS = 271
CANCELLED = 394


class ClickHouseError(HadirError):
    """
    An error as the HTTP interface reports it. Ends in the response; the process goes on.

    ``code`` is ClickHouse's number, ``str()`` the whole line ``Code: N. DB::Exception: ... (NAME) (version V)``.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def status(self) -> int:
        """The HTTP status that a ClickHouse server answers for this code (its exceptionCodeToHTTPStatus.cpp)."""
        return _STATUS.get(self.code, 500)


def ours(code: int, message: str, name: str) -> ClickHouseError:
    """
    An error raised by the endpoint itself, worded as the server would.

    >>> str(ours(373, "Session s is locked", "SESSION_IS_LOCKED"))
    'Code: 373. DB::Exception: Session s is locked. (SESSION_IS_LOCKED)'
    """
    return ClickHouseError(code, f"Code: {code}. DB::Exception: {message}. ({name})")


def from_engine(text: str, version: str) -> ClickHouseError:
    """
    chDB's exception text as the server's.

    chDB puts its own words in front, sometimes the code twice, and leaves the version out.

    >>> e = from_engine("Streaming query failed: Code: 60. DB::Exception: Code: 60. DB::Exception: no t. (X)", "26.9")
    >>> e.code, str(e)
    (60, 'Code: 60. DB::Exception: no t. (X) (version 26.9)')
    >>> from_engine("std::exception. Code: 1001, type: avro::Exception, e.what() = EOF (version 1)", "1").code
    1001
    """
    found = _CODE.search(text)
    if found is None:
        return ClickHouseError(1000, f"Code: 1000. DB::Exception: {text.strip()} (POCO_EXCEPTION) (version {version})")
    code = int(found[1])
    start = max(text.find("std::exception. "), 0) if "std::exception. " in text[: found.start()] else found.start()
    line = text[start:].strip()
    double = f"Code: {code}. DB::Exception: "
    while line.startswith(double * 2):
        line = line[len(double) :]
    if "(version " not in line:
        line += f" (version {version})"
    return ClickHouseError(code, line)
