"""The leases that a child holds, where its parent finds them after its death."""

from __future__ import annotations

import json
import mmap
from typing import List, Optional

from .._address import Address
from .._http import Transport
from ..errors import ApiError, MillraceError
from .leases import end_lease

_HEAD = 16_384
_SLOT = 1_024
_HELD = b"\1"
_FREE = b"\0"
# Seconds to reach the service. The leases then end by themselves.
_PATIENCE_S = 10.0


class HeldLeases:
    """
    Memory that a child shares with its parent: where the service is, then a slot for each lease. The parent makes it
    before it forks. A slot counts once its first byte says so, so the child may die at any moment.
    """

    def __init__(self, most: int) -> None:
        self._memory = mmap.mmap(-1, _HEAD + most * _SLOT)
        self._most = most
        self._free = list(range(most))

    def show(self, address: Address) -> None:
        """In the child: where its leases are."""
        self._write(0, _HEAD, json.dumps([address.url, address.key]).encode())

    def hold(self, lease: str) -> Optional[int]:
        """In the child: keeps a lease in a slot, if there is one. Not for several threads at a time."""
        if not self._free:
            return None
        slot = self._free.pop()
        self._write(_HEAD + slot * _SLOT, _SLOT, lease.encode())
        return slot

    def let_go(self, slot: Optional[int]) -> None:
        """In the child: the lease holds its job no longer. Not for several threads at a time."""
        if slot is not None:
            self._memory[_HEAD + slot * _SLOT : _HEAD + slot * _SLOT + 1] = _FREE
            self._free.append(slot)

    def left(self) -> List[str]:
        """In the parent: the leases that a dead child held."""
        if not self._read(0, _HEAD):
            return []
        found = [self._read(_HEAD + slot * _SLOT, _SLOT) for slot in range(self._most)]
        return [text.decode() for text in found if text]

    def end_all(self) -> int:
        """In a process of its own, for it waits for the service: lets the leases end. @return the exit code."""
        url, key = json.loads(self._read(0, _HEAD))
        transport = Transport(Address(url, key))
        for lease in self.left():
            try:
                end_lease(transport, lease, _PATIENCE_S)
            except ApiError:
                pass  # It has ended, with the last job that it held.
            except MillraceError:
                return 1
        return 0

    def close(self) -> None:
        self._memory.close()

    def _write(self, start: int, size: int, text: bytes) -> None:
        if len(text) + 1 < size:
            self._memory[start + 1 : start + 1 + len(text)] = text
            self._memory[start + 1 + len(text) : start + 2 + len(text)] = b"\0"
            self._memory[start : start + 1] = _HELD

    def _read(self, start: int, size: int) -> bytes:
        if self._memory[start : start + 1] != _HELD:
            return b""
        return self._memory[start + 1 : start + size].split(b"\0", 1)[0]
