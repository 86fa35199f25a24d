"""How the arguments of a call become a payload, and a payload becomes arguments."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

Arguments = Tuple[List[Any], Dict[str, Any]]

# `args`: {"args": [...], "kwargs": {...}}. `names`: an object of the parameters. `payload`: the one argument itself.
FORMS = ("args", "names", "payload")


class Form:
    """@param form: one of FORMS. @raise ValueError: it is none of them."""

    def __init__(self, form: str, function: Callable[..., Any]) -> None:
        if form not in FORMS:
            raise ValueError("A task has no form %r. Use one of: %s." % (form, ", ".join(FORMS)))
        self.form = form
        self.name = getattr(function, "__name__", "task")
        try:
            self.signature: Optional[inspect.Signature] = inspect.signature(function)
        except (TypeError, ValueError):  # Some builtins have none.
            self.signature = None

    def pack(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """@raise TypeError: the function does not take these arguments."""
        bound = self._bind(args, kwargs)
        if self.form == "args":
            return {"args": list(args), "kwargs": dict(kwargs)}
        if self.form == "payload":
            if len(args) != 1 or kwargs:
                raise TypeError("%s() takes its payload: one argument." % self.name)
            return args[0]
        if bound is None or _has_rest(bound):
            raise TypeError("%s() has no names for all arguments. Use the form 'args'." % self.name)
        return dict(bound.arguments)

    def unpack(self, payload: Any) -> Arguments:
        """
        The arguments for the function. An object that is no {"args", "kwargs"} has them by name, null stands for none,
        and anything else is the one argument. @raise TypeError: the function does not take them.
        """
        args, kwargs = self._arguments(payload)
        self._bind(tuple(args), kwargs)
        return args, kwargs

    def _arguments(self, payload: Any) -> Arguments:
        if self.form == "payload":
            return [payload], {}
        if self.form == "args" and _is_call(payload):
            return payload["args"], payload["kwargs"]
        if isinstance(payload, dict):
            return [], payload
        return ([] if payload is None else [payload]), {}

    def _bind(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Optional[inspect.BoundArguments]:
        if self.signature is None:
            return None
        try:
            return self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError("%s%s does not take the arguments: %s" % (self.name, self.signature, error)) from None


def _is_call(payload: Any) -> bool:
    return (
        isinstance(payload, dict)
        and payload.keys() == {"args", "kwargs"}
        and isinstance(payload["args"], list)
        and isinstance(payload["kwargs"], dict)
    )


def _has_rest(bound: inspect.BoundArguments) -> bool:
    """The call uses a parameter such as `*args` or `**kwargs`, or one without a name for callers."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    return any(bound.signature.parameters[name].kind in kinds for name in bound.arguments)
