"""How a value is written down, and read back: one format a kind of value, none of which runs code when it is read.

Save one: joblib, which pickles. It is read only by whoever names it. Libraries are imported when a value asks for them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from headwater.errors import HeadwaterError, MissingExtra, PickledArtifact, Unsaveable, UsageError
from headwater.graph.values import JSON

FILE, JOBLIB = "file", "joblib"

About = Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a value to a file and to read it; `takes` says whether it keeps a value exactly."""

    name: str
    suffix: str
    takes: Callable[[Any], bool]
    write: Callable[[Any, IO[bytes]], object]
    read: Callable[[IO[bytes], About], Any]
    about: Callable[[Any], About] = lambda _: {}


def format_for(value: object, name: str | None = None) -> Format:
    """Return the format of that name, or else the one that suits the value. Raises UsageError, Unsaveable."""
    chosen = (
        next((one for one in FORMATS.values() if one.takes(value)), FORMATS[JOBLIB]) if name is None else named(name)
    )
    if name is not None and chosen.name != JOBLIB and not chosen.takes(value):
        raise Unsaveable(
            f"a {type(value).__name__} cannot be saved as {name}", hint="leave the format out, or say joblib"
        )
    return chosen


def named(name: str) -> Format:
    """Return the format of that name. Raises UsageError."""
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}", hint=f"use one of {', '.join(FORMATS)}")
    return FORMATS[name]


def written(chosen: Format, value: object, file: IO[bytes]) -> None:
    """Write the value down. Raises Unsaveable with the reason, MissingExtra, or what the file raises."""
    with _libraries(chosen.name):
        try:
            chosen.write(value, file)
        except (HeadwaterError, OSError, ImportError):
            raise
        except RecursionError as exc:
            raise Unsaveable(f"a {type(value).__name__} is too deep for {chosen.name}") from exc
        except Exception as exc:
            raise Unsaveable(f"a {type(value).__name__} cannot be saved as {chosen.name}: {exc}") from exc


def read(chosen: str, file: IO[bytes], about: About) -> Any:
    """Return the value that was written down. Raises UsageError when the bytes are something else."""
    with _libraries(chosen):
        try:
            return named(chosen).read(file, about)
        except (HeadwaterError, OSError, ImportError):
            raise
        except Exception as exc:
            raise UsageError(f"this artifact cannot be read as {chosen}: {type(exc).__name__}: {exc}") from exc


def reading(saved: str, asked: str | None) -> str:
    """Return the format to read with, of what was saved as one and is asked for as another.

    Raises PickledArtifact unless joblib is asked for, UsageError for two formats that do not go together.
    """
    if asked is None and saved == JOBLIB:
        raise PickledArtifact
    if asked is not None and saved not in (FILE, "bytes", asked):
        raise UsageError(f"this artifact was saved as {saved}, not as {asked}", hint="leave the format out")
    return asked or saved


@contextmanager
def _libraries(format: str) -> Iterator[None]:  # noqa: A002  # the field's word
    """Name the extra that a format needs when its library is not installed."""
    extra = {"parquet": "pandas,parquet", "joblib": "models", "safetensors": "models", "npy": "models"}.get(format)
    try:
        yield
    except ImportError as exc:
        if isinstance(exc, HeadwaterError) or extra is None:
            raise
        raise MissingExtra(
            f"the format {format} needs {exc.name or exc}", hint=f"pip install 'headwater[{extra}]'"
        ) from exc


def _is(module: str, *kinds: str) -> Callable[[object], bool]:
    """Return a test whether a value is exactly of one of these types; a type not imported yet has no values."""

    def test(value: object) -> bool:
        return type(value) in {getattr(sys.modules.get(module), kind, None) for kind in kinds}

    return test


_is_array, _is_frame = _is("numpy", "ndarray"), _is("pandas", "DataFrame", "Series")


def _is_json(value: object, depth: int = 100) -> bool:
    """Whether JSON gives the value back exactly: no tuples, no keys that are not text, no subclasses."""
    kind = type(value)
    if kind is dict:
        items = value.items()  # type: ignore[attr-defined]
        return depth > 0 and all(type(key) is str and _is_json(item, depth - 1) for key, item in items)
    if kind is list:
        return depth > 0 and all(_is_json(item, depth - 1) for item in value)  # type: ignore[attr-defined]
    return kind in (bool, int, float, str, type(None))


def _write_npy(value: Any, file: IO[bytes]) -> None:
    from numpy.lib.format import write_array

    write_array(file, value, allow_pickle=False)


def _read_npy(file: IO[bytes], _: About) -> Any:
    from numpy.lib.format import read_array

    return read_array(file, allow_pickle=False)


def _is_tensors(value: object) -> bool:
    return (
        type(value) is dict and bool(value) and all(type(key) is str and _is_plain(one) for key, one in value.items())
    )


def _is_plain(value: Any) -> bool:
    return _is_array(value) and value.dtype.kind in "biuf" and value.dtype.isnative and value.dtype.itemsize <= 8  # noqa: PLR2004  # what safetensors has


def _write_tensors(value: Any, file: IO[bytes]) -> None:
    from numpy import ascontiguousarray
    from safetensors.numpy import save

    file.write(save({key: ascontiguousarray(one).reshape(one.shape) for key, one in value.items()}))


def _read_tensors(file: IO[bytes], _: About) -> Any:
    from safetensors.numpy import load

    return load(file.read())


def _write_frame(value: Any, file: IO[bytes]) -> None:
    frame = value if value.ndim == 2 else value.to_frame("value")  # noqa: PLR2004  # rows and columns
    frame.to_parquet(file, engine="pyarrow")


def _read_frame(file: IO[bytes], about: About) -> Any:
    from pyarrow.parquet import read_table  # type: ignore[import-untyped]

    found: Any = read_table(file).to_pandas()
    if "series" in about:
        found = found["value"]
        found.name = about["series"]
    return found


def _about_frame(value: Any) -> About:
    if value.ndim == 2:  # noqa: PLR2004  # rows and columns
        return {}
    if not isinstance(value.name, (str, int, type(None))):
        raise Unsaveable(f"the name of a series is {value.name!r}", hint="give it a text, or say format='joblib'")
    return {"series": value.name}


def _write_joblib(value: object, file: IO[bytes]) -> None:
    import joblib

    joblib.dump(value, file)


def _read_joblib(file: IO[bytes], _: About) -> Any:
    import joblib

    return joblib.load(file)


def _is_bytes(value: object) -> bool:
    return type(value) is bytes


def _is_text(value: object) -> bool:
    return type(value) is str


def _never(_: object) -> bool:
    return False


_ALL = (
    Format("bytes", ".bin", _is_bytes, lambda value, file: file.write(value), lambda file, _: file.read()),
    Format(
        "text",
        ".txt",
        _is_text,
        lambda value, file: file.write(value.encode("utf-8", "surrogatepass")),
        lambda file, _: file.read().decode("utf-8", "surrogatepass"),
    ),
    Format(
        "json",
        ".json",
        _is_json,
        lambda value, file: file.write(json.dumps(value).encode()),
        lambda file, _: json.loads(file.read()),
    ),
    Format("npy", ".npy", lambda value: _is_array(value) and not value.dtype.hasobject, _write_npy, _read_npy),
    Format("parquet", ".parquet", _is_frame, _write_frame, _read_frame, _about_frame),
    Format("safetensors", ".safetensors", _is_tensors, _write_tensors, _read_tensors),
    Format(JOBLIB, ".joblib", _never, _write_joblib, _read_joblib),
    Format(FILE, "", _never, lambda value, file: file.write(value), lambda file, _: file),
)
FORMATS: Mapping[str, Format] = {one.name: one for one in _ALL}
