"""What a notebook leaves in the process that ran it: put back where that is certain, and named where it is not.

A worker in which something is named runs no other notebook, so what is looked at here errs on the side of naming. A
notebook's names, its streams, its shell and its event loop are new each time and need no looking at.
"""

import _thread
import decimal
import gc
import locale
import logging
import os
import random
import signal
import sys
import threading
import time
import types
import warnings
from collections.abc import Callable
from contextlib import suppress
from operator import is_
from pathlib import Path
from typing import Any

_PACKAGE = __name__.partition(".")[0]

_PATCHED = ("analysis", "polars", "altair", "great_tables", "dataframely")
"""Packages whose classes are looked at as well as their modules."""

_OURS = {"sys": {"last_exc", "last_type", "last_value", "last_traceback", "ps1", "ps2", "ps3", "argv"}, "builtins": {"_"}}
"""Names of modules that every shell sets anew."""

_KEPT = {"__warningregistry__", "__slotnames__"}
"""What Python notes in any module or class: the first is void once put_back says that filters have changed."""

_ACTS = ("ctypes.", "gc.", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.exec", "pty.", "resource.", "subprocess.")
_ACTS += (
    "object.__setattr__",
    "object.__delattr__",
    "sys.addaudithook",
    "sys.setprofile",
    "sys.settrace",
    "os.putenv",
    "os.unsetenv",
)
"""Python's audit events of what cannot be read off afterwards."""

_acts: set[str] = set()
_variables: set[str] = set()


def watch() -> None:
    """Let the interpreter tell what it does; once in a process, for that can't be ended."""
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple) -> None:
    if event.startswith(_ACTS):
        if event in ("os.putenv", "os.unsetenv"):
            _variables.add(os.fsdecode(arguments[0]))
        else:
            _acts.add(event)


def seen() -> dict[str, Any]:
    """The state of the process, to be held against a later one."""
    state = {name: read() for name, read in _PROBES.items()}
    _acts.clear()
    _variables.clear()
    numpy = sys.modules["numpy.random"].get_state() if "numpy.random" in sys.modules else None
    kept = {"environment": dict(os.environ), "path": list(sys.path), "filters": list(warnings.filters), "numpy": numpy}
    return state | kept


def put_back(before: dict[str, Any], /) -> None:
    """Undo what can be undone with certainty: folder, environment, paths of imports, warnings, signals, seeds, locale."""
    with suppress(OSError):
        os.chdir(before["folder"])
    os.umask(before["umask"])
    for name in _variables | os.environ.keys() ^ before["environment"].keys():
        os.unsetenv(name)
        os.environ.pop(name, None)
        if name in before["environment"]:
            os.environ[name] = before["environment"][name]
    if "TZ" in _variables:
        time.tzset()
    sys.path[:] = before["path"]
    warnings.filters[:] = before["filters"]
    warnings._filters_mutated()
    random.setstate(before["random"])
    if before["numpy"]:
        sys.modules["numpy.random"].set_state(before["numpy"])
    for number, handler in before["signals"].items():
        if signal.getsignal(number) != handler and handler is not None:
            signal.signal(number, handler)
    locale.setlocale(locale.LC_ALL, before["locale"])


def changed(before: dict[str, Any], /) -> list[str]:
    """What is otherwise than it was before and cannot be put back: names of modules, or of kinds of state."""
    acts = sorted(_acts | {name for name in _variables if name.startswith("POLARS_")})  # some of which it reads only once
    for _ in range(20):  # what zmq and threads of libraries let go of is closed a moment later
        if _files() == before["files"]:
            break
        time.sleep(0.005)
    now = {name: read() for name, read in _PROBES.items() if name not in ("modules", "classes")}
    other = [name for name, value in now.items() if value != before[name]]
    return acts + other + _otherwise(before["modules"], _modules()) + _otherwise(before["classes"], _classes())


def _otherwise(before: dict, now: dict) -> list[str]:
    """The modules, or classes, that are new, gone, or have a name that is new, gone, or something else."""
    differs = []
    for key in before.keys() | now.keys():
        old, new = before.get(key), now.get(key)
        if old is None or new is None or old[0] is not new[0] or not _is_same(old[1], new[1]):
            names = {n for n in _names(old) | _names(new) if not (old and new and old[1].get(n, key) is new[1].get(n, key))}
            names -= _OURS.get(key, set()) | _KEPT
            differs += [f"{key}: {', '.join(sorted(names)[:5])}"] if names else []
    return sorted(differs)


def _names(entry: tuple | None) -> set[str]:
    return set(entry[1]) if entry else set()


def _is_same(old: dict, new: dict) -> bool:
    return len(old) == len(new) and all(map(is_, old, new)) and all(map(is_, old.values(), new.values()))


def _modules() -> dict[str, tuple[object, dict]]:
    """Every module but the notebook's own, with what its names stand for."""
    return {
        name: (module, dict(vars(module)))
        for name, module in list(sys.modules.items())
        if name not in ("__main__", "__mp_main__") and isinstance(module, types.ModuleType)
    }


def _classes() -> dict[str, tuple[object, dict]]:
    """The classes of the packages that a notebook might alter, with what their names stand for."""
    return {
        f"{value.__module__}.{value.__qualname__}": (value, dict(vars(value)))
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in _PATCHED and isinstance(module, types.ModuleType) and ".schema" not in name
        for value in list(vars(module).values())
        if isinstance(value, type) and value.__module__.startswith(_PATCHED)
    }


def _contents() -> dict[str, Any]:
    """What stands in the tables and lists that are constants of this package."""
    return {
        f"{name}.{key}": _frozen(value)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == _PACKAGE and name != __name__
        for key, value in vars(module).items()
        if isinstance(value, dict | list | set) and not key.startswith("__")
    }


def _frozen(value: object) -> object:
    if isinstance(value, dict):
        return tuple((key, _frozen(each)) for key, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(_frozen(each) for each in value)
    if isinstance(value, set):
        return frozenset(value)
    return value if isinstance(value, str | int | float | None) else id(value)


def _logging() -> list[tuple]:
    loggers = [logging.getLogger(), *(each for each in logging.root.manager.loggerDict.values() if hasattr(each, "handlers"))]
    return [
        (each.name, each.level, each.propagate, each.disabled, *map(id, each.handlers + each.filters))
        for each in loggers
        if each.name != "_App"
    ]


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _files() -> set[tuple[str, str]]:
    folder = Path("/proc/self/fd")
    return {(path.name, _target(path)) for path in folder.iterdir()} if folder.is_dir() else set()


def _target(path: Path) -> str:
    with suppress(OSError):
        return str(path.readlink())
    return ""


def _signals() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def registries() -> tuple:
    """Altair's renderers, transformers, compilers and themes: each knows what there is and what is enabled."""
    altair = sys.modules.get("altair")
    return (altair.renderers, altair.data_transformers, altair.vegalite_compilers, altair.theme._themes) if altair else ()


_PROBES: dict[str, Callable[[], Any]] = {
    "folder": os.getcwd,
    "umask": _umask,
    "locale": lambda: locale.setlocale(locale.LC_ALL),
    "random": random.getstate,
    "signals": _signals,
    "timers": lambda: signal.getitimer(signal.ITIMER_REAL)[0] > 0,
    "threads": lambda: (set(threading.enumerate()), _thread._count()),
    "files": _files,
    "collector": lambda: (gc.isenabled(), gc.get_threshold()),
    "limits": lambda: (sys.getrecursionlimit(), sys.getswitchinterval()),
    "decimal": lambda: str(decimal.getcontext()),
    "logging": _logging,
    "polars": lambda: sys.modules["polars"].Config.state() if "polars" in sys.modules else {},
    "altair": lambda: [each._get_state() for each in registries()],
    "contents": _contents,
    "modules": _modules,
    "classes": _classes,
}
