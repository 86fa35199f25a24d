"""Where the service is, and how the client shows who it is."""

from __future__ import annotations

import os
from typing import Dict, Optional
from urllib.parse import urlsplit

DEFAULT_URL = "http://127.0.0.1:3000"


class Address:
    """
    @param url: default MILLRACE_URL. @param key: default MILLRACE_KEY. @param tries: the most for one request; default:
    as many as fit into the time for it. @raise ValueError: the URL or the key is of no use.
    """

    def __init__(self, url: Optional[str] = None, key: Optional[str] = None, tries: Optional[int] = None) -> None:
        self.tries = tries
        given = url or os.environ.get("MILLRACE_URL") or DEFAULT_URL
        parts = urlsplit(given)
        if parts.username is not None or parts.password is not None:
            raise ValueError("The URL of the service has user info. Give the key as `key` or in MILLRACE_KEY.")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("%r is no URL of a service. Use one such as %s." % (given, DEFAULT_URL))
        if not is_path(parts.path):
            raise ValueError("%r has characters that a URL cannot have. Encode its path: urllib.parse.quote." % given)
        self.is_secure = parts.scheme == "https"
        self.host = _ascii_host(parts.hostname, given)
        self.port = parts.port or (443 if self.is_secure else 80)
        # A service behind a proxy may have a path of its own.
        self.prefix = parts.path.rstrip("/")
        self.url = given.rstrip("/")
        self.key = ((os.environ.get("MILLRACE_KEY") if key is None else key) or "").strip()
        if not is_printable(self.key):
            raise ValueError("The key has characters that no key has. Check MILLRACE_KEY.")

    def headers(self, extra: Dict[str, str], has_body: bool) -> Dict[str, str]:
        """Those of a request to the service."""
        headers = {"accept": "application/json", "user-agent": "millrace-python"}
        if has_body:
            headers["content-type"] = "application/json"
        if self.key:
            headers["authorization"] = "Bearer " + self.key
        headers.update(extra)
        return headers


def is_path(text: str) -> bool:
    """Whether the text can stand in the first line of a request."""
    return is_printable(text) and " " not in text


def _ascii_host(host: str, given: str) -> str:
    """Names of other letters have a form in ASCII (IDNA)."""
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    if not host or not is_path(host):
        raise ValueError("%r names no host. Use a URL such as %s." % (given, DEFAULT_URL))
    return host


def is_printable(text: str) -> bool:
    """Whether a header can hold the text."""
    return isinstance(text, str) and text.isascii() and text.isprintable()
