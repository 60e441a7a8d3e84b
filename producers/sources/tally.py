"""What stands in a file, counted while it is read, in memory that does not grow with it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from producers.protocols.lines import DAY_MS, Reject

MOST_PEOPLE = 100_000  # a province has 71,000; what is beyond is counted as "at least"
MOST_MARKS = 1 << 22  # slots of eight bytes: 32 MB, exact for 2.9 million punches
KEPT_REJECTS = 200
KEPT_WORDS = 20
EXAMPLES = 5
TWICE_MS = 60_000  # the same PIN again within a minute: "did it register?"
SWAPPED_DAYS = 10
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Marks:
    """
    A set of 64 bit numbers in a flat array, eight bytes a slot: a Python set takes ten times that.

    Two different things share a number once in 10^7 files of a million rows; then a repeat is counted that is none.
    """

    def __init__(self, most: int = MOST_MARKS) -> None:
        self._slots = array("q", bytes(8 * min(4096, most)))
        self._most = most
        self.count = 0
        self.full = False

    def add(self, content: tuple[Any, ...]) -> bool:
        """True if it is new. When full nothing is remembered any more and everything unknown is new."""
        number = hash(content) or 1  # 0 is an empty slot
        slots = self._slots
        mask = len(slots) - 1
        place = number & mask
        while (there := slots[place]) != 0:
            if there == number:
                return False
            place = (place + 1) & mask
        if self.full:
            return True
        slots[place] = number
        self.count += 1
        if self.count * 10 > len(slots) * 7:
            self._grow()
        return True

    def _grow(self) -> None:
        if len(self._slots) * 2 > self._most:
            self.full = True
            return
        old, self._slots = self._slots, array("q", bytes(16 * len(self._slots)))
        slots, mask = self._slots, len(self._slots) - 1
        for number in old:
            if number:
                place = number & mask
                while slots[place]:
                    place = (place + 1) & mask
                slots[place] = number


class Span(NamedTuple):
    """First and last local date, days since 1970."""

    first: int
    last: int


class Tally:
    """
    Counts; every punch goes in by ``add``, every reject by ``reject``, in the file's order.

    Attributes:
        approximate: what of the counts is a lower bound or an estimate, in words; empty: all are exact. Second punches
            are counted against the same PIN's last one in the file, which is exact where its punches stand in order.
        spans: by terminal.
        words: words without a code, and how often.
        examples: the first punches as they were read.
    """

    def __init__(self) -> None:
        self.punches = self.repeats = self.doubles = self.rejected = self.skipped = 0
        self.days: set[int] = set()
        self.spans: dict[str, Span] = {}
        self.rejects: list[Reject] = []
        self.words: dict[str, int] = {}
        self.examples: list[dict[str, Any]] = []
        self._last: dict[tuple[str, str], int] = {}
        self._marks = Marks()
        self._crowded = False
        self._unordered = False

    def add(self, punch: dict[str, Any], strange: Iterable[str] = ()) -> None:
        """One punch, and its words that have no code."""
        device, pin, at = punch["device_id"], punch["pin"], punch["device_time"]
        self.punches += 1
        day = at // DAY_MS
        self.days.add(day)
        span = self.spans.get(device)
        if span is None or not span.first <= day <= span.last:
            self.spans[device] = Span(min(day, span.first), max(day, span.last)) if span else Span(day, day)
        if len(self.examples) < EXAMPLES:
            self.examples.append(punch)
        for word in strange:
            if word in self.words or len(self.words) < KEPT_WORDS:
                self.words[word] = self.words.get(word, 0) + 1
        if not self._marks.add((device, pin, at)):
            self.repeats += 1
            return
        who = (device, pin)
        last = self._last.get(who)
        if last is None and len(self._last) >= MOST_PEOPLE:
            self._crowded = True
            return
        if last is not None:
            self.doubles += abs(at - last) <= TWICE_MS
            self._unordered = self._unordered or at < last
        self._last[who] = at

    def reject(self, reject: Reject) -> None:
        """One row that can't be taken in; the first ones are kept, without their bytes."""
        self.rejected += 1
        if len(self.rejects) < KEPT_REJECTS:
            self.rejects.append(Reject(reject.number, b"", reject.reason))

    @property
    def people(self) -> int:
        """PINs, each on its terminal."""
        return len(self._last)

    @property
    def approximate(self) -> list[str]:
        """See the class."""
        told = []
        if self._crowded:
            told.append(f"more than {MOST_PEOPLE} PINs: people and second punches are lower bounds")
        if self._marks.full:
            told.append(f"more than {self._marks.count} different punches: repeats is a lower bound")
        if self._unordered:
            told.append("the file is not in order of time: second punches in a minute are an estimate")
        return told

    @property
    def swapped(self) -> bool:
        """True where no date is beyond the 12th: day and month may have been read the wrong way round."""
        return len(self.days) >= SWAPPED_DAYS and all(date.fromordinal(_EPOCH_DAY + day).day <= 12 for day in self.days)
