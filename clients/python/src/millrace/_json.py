"""JSON for the service, which passes its text on unchanged: integers of any length stay exact."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any, Dict, List

from .errors import NotJson


class LargeInt(int):
    """
    An integer of more digits than `str(int)` writes (4,300 by default, CVE-2020-10735). Its own text is not limited:
    the digits came from the service, and converting them cost no more than reading them.
    """

    def __repr__(self) -> str:
        return str(Decimal(int(self)))

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return str(self) if spec in ("", "d") else super().__format__(spec)


def decode(text: bytes) -> Any:
    """The value of a JSON text. @raise ValueError: it is not JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        if not _is_digit_limit(error):
            raise
        return json.loads(text, parse_int=_parse_int)


def encode(value: Any, what: str = "payload") -> bytes:
    """The JSON text of a value. @raise NotJson: it has a part that JSON cannot hold."""
    try:
        try:
            return _text(value)
        except ValueError as error:
            if not _is_digit_limit(error):
                raise
            return _with_large_ints(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJson(
            "The %s cannot be written as JSON (%s). Use texts, finite numbers, lists, dicts, True, False and None."
            % (what, error)
        ) from error


def _text(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # Half of a surrogate pair: only an escape can hold it.
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _is_digit_limit(error: ValueError) -> bool:
    return "integer string conversion" in str(error)


def _parse_int(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        return LargeInt(Decimal(digits))


def _with_large_ints(value: Any) -> bytes:
    """`json` cannot write long integers: marks stand for them, and their digits take the places of the marks."""
    nonce = uuid.uuid4().hex
    found: List[int] = []

    def mark(part: Any) -> Any:
        if isinstance(part, bool) or part is None:
            return part
        if isinstance(part, int) and part.bit_length() > _SHORT_BITS:
            found.append(part)
            return "%s-%d-" % (nonce, len(found) - 1)
        if isinstance(part, dict):
            marked: Dict[Any, Any] = {key: mark(member) for key, member in part.items()}
            return marked
        if isinstance(part, (list, tuple)):
            return [mark(item) for item in part]
        return part

    text = _text(mark(value)).decode()
    for index, number in enumerate(found):
        text = text.replace('"%s-%d-"' % (nonce, index), str(Decimal(int(number))))
    return text.encode()


_SHORT_BITS = 2_000
