"""A worker imports the module that has its queue. What that module does beside defining tasks must not happen again."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from types import ModuleType
from typing import TYPE_CHECKING, Any, List, Union

if TYPE_CHECKING:
    from .base import BaseQueue


class LoadError(Exception):
    """The worker finds no queue. The message says what to do."""


class _Stopped(BaseException):
    """Ends the import at a line that needs a running worker. Not an Exception: the module must not handle it."""


_notes: List[str] = []
_is_loading = False


def is_loading(what: str) -> bool:
    """Whether a worker imports the module now, which then does not `what`."""
    if _is_loading and what not in _notes:
        _notes.append(what)
    return _is_loading


class Unsubmitted:
    """Stands for a job or a schedule of a module while a worker imports it. Code that needs it ends the import."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise _Stopped

    def __getattr__(self, name: str) -> Any:
        raise _Stopped

    __await__ = __getitem__ = __call__


def load_queue(spec: str) -> BaseQueue[Any]:
    """The queue of `module:name`. @raise LoadError."""
    from .base import BaseQueue

    module_name, _, name = spec.partition(":")
    if not module_name or not name:
        raise LoadError("%r names no queue. Write module:queue, such as tasks:queue." % spec)
    if module_name.endswith(".py"):
        dotted = module_name[:-3].replace("/", ".").lstrip(".")
        raise LoadError("%s is a file. Name its module: %s:%s." % (module_name, dotted, name))
    module = _import(module_name)
    found = getattr(module, name, None)
    if not isinstance(found, BaseQueue):
        kind = "nothing" if found is None else "a %s" % type(found).__name__
        raise LoadError("%s is %s in %s. Name a TaskQueue." % (name, kind, module_name))
    if not found.tasks:
        raise LoadError("%s has no tasks. Decorate a function with @%s.task." % (spec, name))
    return found


def _import(module_name: str) -> Union[ModuleType, Any]:
    global _is_loading
    if module_name in sys.modules:
        return sys.modules[module_name]
    try:
        found = importlib.util.find_spec(module_name)
    except (Exception, SystemExit) as error:  # Of the packages that it is in.
        raise LoadError(_why_not(module_name, error)) from error
    if found is None or found.loader is None:
        raise LoadError("There is no module %s. Start the worker in its folder, or set PYTHONPATH." % module_name)
    module = importlib.util.module_from_spec(found)
    sys.modules[module_name] = module
    _is_loading = True
    _notes.clear()
    is_whole = True
    try:
        found.loader.exec_module(module)
    except _Stopped:
        is_whole = False
    except (Exception, SystemExit) as error:
        raise LoadError(_why_not(module_name, error)) from error
    finally:
        _is_loading = False
    if _notes:
        rest = "" if is_whole else " What follows the first use of a result was not loaded."
        print(
            "millrace: %s does more than define tasks (%s). The worker leaves that out.%s "
            "Put it below `if __name__ == '__main__':`." % (module_name, ", ".join(_notes), rest),
            file=sys.stderr,
        )
    return module


def _why_not(module_name: str, error: BaseException) -> str:
    """Names the last line of the module that ran, or that Python cannot read."""
    module = sys.modules.get(module_name)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if module is not None and frame.filename == module.__file__]
    where = " at %s:%s" % (getattr(module, "__file__", None), own[-1]) if own else ""
    what: object = error
    if isinstance(error, SyntaxError) and error.filename is not None:
        where, what = " at %s:%s" % (error.filename, error.lineno), error.msg
    return "The module %s cannot be loaded%s. %s: %s" % (module_name, where, type(error).__name__, what)
