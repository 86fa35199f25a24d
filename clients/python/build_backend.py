"""
Makes the wheel and the source archive with nothing but Python (PEP 517, PEP 660): pure files, one package, no build.
https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

ROOT = Path(__file__).parent
SOURCE = ROOT / "src"
NAME = "millrace"
# Zip cannot hold an earlier time; the same one each time makes equal files equal.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def _project(name: str) -> str:
    """A text of the project table."""
    found = re.search(r'^%s = "(.*)"$' % re.escape(name), (ROOT / "pyproject.toml").read_text("utf8"), re.M)
    if found is None:
        raise ValueError("pyproject.toml has no %s" % name)
    return found.group(1)


VERSION = _project("version")
DIST_INFO = "%s-%s.dist-info" % (NAME, VERSION)


def _metadata() -> str:
    head = [
        "Metadata-Version: 2.1",
        "Name: " + NAME,
        "Version: " + VERSION,
        "Summary: " + _project("description"),
        "License: MIT",
        "Requires-Python: " + _project("requires-python"),
        "Classifier: Programming Language :: Python :: 3",
        "Classifier: Typing :: Typed",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(head) + "\n\n" + (ROOT / "README.md").read_text("utf8")


def _package_files() -> List[Path]:
    return sorted(path for path in SOURCE.rglob("*") if path.suffix in (".py", ".typed"))


def _wheel(directory: str, files: List[Tuple[str, bytes]]) -> str:
    wheel = "Wheel-Version: 1.0\nGenerator: millrace\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = files + [(DIST_INFO + "/METADATA", _metadata().encode()), (DIST_INFO + "/WHEEL", wheel.encode())]
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for name, content in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.writerow([name, "sha256=" + digest, len(content)])
    rows.writerow([DIST_INFO + "/RECORD", "", ""])
    files = files + [(DIST_INFO + "/RECORD", record.getvalue().encode())]
    file_name = "%s-%s-py3-none-any.whl" % (NAME, VERSION)
    with zipfile.ZipFile(Path(directory) / file_name, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return file_name


def build_wheel(
    wheel_directory: str, config_settings: Optional[Dict[str, Any]] = None, metadata_directory: Optional[str] = None
) -> str:
    files = [(path.relative_to(SOURCE).as_posix(), path.read_bytes()) for path in _package_files()]
    return _wheel(wheel_directory, files)


def build_editable(
    wheel_directory: str, config_settings: Optional[Dict[str, Any]] = None, metadata_directory: Optional[str] = None
) -> str:
    return _wheel(wheel_directory, [(NAME + ".pth", (str(SOURCE) + "\n").encode())])


def build_sdist(sdist_directory: str, config_settings: Optional[Dict[str, Any]] = None) -> str:
    folder = "%s-%s" % (NAME, VERSION)
    own = [ROOT / name for name in ("pyproject.toml", "README.md", "build_backend.py")]
    with tarfile.open(Path(sdist_directory) / (folder + ".tar.gz"), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for path in own + _package_files():
            archive.add(path, "%s/%s" % (folder, path.relative_to(ROOT).as_posix()))
        info = tarfile.TarInfo(folder + "/PKG-INFO")
        content = _metadata().encode()
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return folder + ".tar.gz"
