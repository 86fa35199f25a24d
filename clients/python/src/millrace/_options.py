"""Options of a submit, as Python writes them: seconds, `timedelta`, `datetime`, names with underscores."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, Mapping, Optional, Union

Duration = Union[int, float, str, timedelta]

# Name in Python -> name in the API.
_NAMES = {
    "queue": "queue",
    "priority": "priority",
    "key": "key",
    "delay": "delay",
    "run_at": "runAt",
    "attempts": "attempts",
    "backoff": "backoff",
    "timeout": "timeout",
    "expires_in": "expiresIn",
    "result_ttl": "resultTtl",
    "metadata": "metadata",
    "unique": "unique",
    "debounce": "debounce",
    "cache": "cache",
    "tags": "tags",
    "keep_payload": "keepPayload",
}
# The same for the times of a schedule.
_TIMING_NAMES = {
    "cron": "cron",
    "every": "every",
    "time_zone": "timeZone",
    "misfire": "misfire",
    "overlap": "overlap",
    "start_at": "startAt",
    "end_at": "endAt",
    "max_runs": "maxRuns",
    "window": "window",
}
_DURATIONS = ("delay", "timeout", "expires_in", "result_ttl", "every", "window")
# Members of `backoff`, `unique`, `debounce` and `cache`.
_INNER_NAMES = {"max_wait": "maxWait", "on_conflict": "onConflict"}
_INNER_DURATIONS = ("delay", "max", "wait", "maxWait", "for")


def duration(name: str, value: Duration) -> Union[int, str]:
    """
    Milliseconds of a number of seconds or a `timedelta`; a text such as "500ms" stays.
    @param name: that of the option, for errors. @raise ValueError: it is below 0, or no finite number. @raise TypeError.
    """
    if isinstance(value, str):
        return value
    checked = seconds(name, value, ", a timedelta, or a text such as '30s'")
    if checked == math.inf:
        raise ValueError("%s is infinite. Leave it out, or give a finite number of seconds." % name)
    return round(checked * 1000)


def seconds(name: str, value: Union[int, float, timedelta], others: str = ", or a timedelta") -> float:
    """@param others: what else is allowed, for errors. @raise ValueError: it is below 0 or NaN. @raise TypeError."""
    advice = "Give a number of seconds from 0%s." % others
    if isinstance(value, bool) or not isinstance(value, (int, float, timedelta)):
        raise TypeError("%s is %r. %s" % (name, value, advice))
    number = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if not number >= 0:
        raise ValueError("%s is %g. %s" % (name, number, advice))
    return number


def options(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Members of SubmitJob. None stands for an option that is not given. @raise TypeError: there is no such option."""
    return _renamed(given, _NAMES)


def timing(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Members of PutSchedule but for `job`. @raise TypeError: there is no such option."""
    return _renamed(given, _TIMING_NAMES)


def _renamed(given: Mapping[str, Any], names: Mapping[str, str]) -> Dict[str, Any]:
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise TypeError("There is no option %s. There are: %s." % (", ".join(unknown), ", ".join(names)))
    return {names[name]: _value(name, value) for name, value in given.items() if value is not None}


def changes(given: Mapping[str, Any]) -> Dict[str, Any]:
    """As `options`, with `payload` and `task`."""
    own = {name: given[name] for name in ("payload", "task") if name in given}
    return {**own, **options({name: value for name, value in given.items() if name not in own})}


def _value(name: str, value: Any) -> Any:
    if name in _DURATIONS or (name == "cache" and not isinstance(value, Mapping)):
        return duration(name, value)
    if isinstance(value, Mapping) and name != "metadata":
        return inner(name, value)
    return _time(value) if isinstance(value, datetime) else value


def inner(option: str, value: Mapping[str, Any]) -> Dict[str, Any]:
    """Members of an option that is an object."""
    members: Dict[str, Any] = {}
    for given, member in value.items():
        name = _INNER_NAMES.get(given, given)
        is_duration = name in _INNER_DURATIONS and member is not None
        members[name] = duration("%s of %s" % (given, option), member) if is_duration else member
    return members


def _time(value: datetime) -> str:
    """RFC 3339. A time without a zone is a local one, as Python takes it."""
    utc = value.astimezone(timezone.utc)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (utc.microsecond // 1000)


def wait_limit(timeout: Optional[Union[int, float, timedelta]], default: float) -> float:
    """Seconds. @raise ValueError. @raise TypeError: as `seconds`."""
    return default if timeout is None else seconds("timeout", timeout)
