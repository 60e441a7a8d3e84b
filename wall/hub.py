"""Who looks on: each is told what is new to him, and one who is slow gets the newest next, never a line of old ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

from hadir import metrics
from wall.board import Board, Scope, view


class Hub:
    """Boards in, JSON texts out."""

    def __init__(self) -> None:
        self._board: Board | None = None
        self._changed = asyncio.Event()
        self._memo: dict[tuple[Scope, int], str] = {}

    def publish(self, board: Board) -> None:
        """A new board; all who wait are woken."""
        self._board = board
        self._memo.clear()
        self._changed.set()
        self._changed = asyncio.Event()

    async def follow(self, scope: Scope, beat_s: float) -> AsyncGenerator[str | None]:
        """Views as JSON: the whole board first, then what changes; None when nothing has for ``beat_s``."""
        seen: Board | None = None
        with metrics.WALL_VIEWERS.track_inprogress():
            while True:
                board, changed = self._board, self._changed
                if board is not None and board is not seen:
                    yield self._text(board, scope, seen)
                    seen = board
                    continue
                try:
                    await asyncio.wait_for(changed.wait(), beat_s)
                except TimeoutError:
                    yield None

    def _text(self, board: Board, scope: Scope, seen: Board | None) -> str:
        key = (scope, -1 if seen is None else seen.version)
        text = self._memo.get(key)
        if text is None:
            text = self._memo[key] = json.dumps(view(board, scope, seen), ensure_ascii=False, separators=(",", ":"))
        return text
