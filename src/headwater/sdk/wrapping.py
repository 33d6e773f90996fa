"""A function in the shape of its own kind that records each execution: plain, async, generator, async generator."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any

from headwater.sdk import frames
from headwater.sdk.execution import Execution, IdleExecution
from headwater.sdk.plan import Plan
from headwater.sdk.recorder import is_recording_thread
from headwater.sdk.recording import switch

if TYPE_CHECKING:
    from headwater.sdk.component import Component

_Function = Callable[..., Any]


def wrapped(component: Component, plan: Plan) -> _Function:
    """Return a function of the same kind, name and signature that records each execution of the plan's."""
    function = plan.function
    if inspect.iscoroutinefunction(function):
        wrapper = _coroutine(component, plan)
    elif inspect.isasyncgenfunction(function):
        wrapper = _async_generator(component, plan)
    elif inspect.isgeneratorfunction(function):
        wrapper = _generator(component, plan)
    else:
        wrapper = _watched(component, plan) if plan.code is not None and plan.locals else _plain(component, plan)
    wrapper = wraps(function)(wrapper)
    with suppress(ValueError, TypeError):  # some callables of C have no signature
        wrapper.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return wrapper


def _plain(component: Component, plan: Plan) -> _Function:
    function = plan.function

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if switch.is_off or is_recording_thread():
            return function(*args, **kwargs)
        execution = Execution(component, plan)
        execution.begin(args, kwargs)
        try:
            result = function(*args, **kwargs)
        except BaseException as exc:
            execution.fail(exc, None)
            raise
        execution.finish(result, None)
        return result

    return wrapper


def _watched(component: Component, plan: Plan) -> _Function:
    function, code = plan.function, plan.code
    assert code is not None

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if switch.is_off or is_recording_thread():
            return function(*args, **kwargs)
        execution = Execution(component, plan)
        execution.begin(args, kwargs)
        watch = frames.Watch(code)
        try:
            with watch:
                result = function(*args, **kwargs)
        except BaseException as exc:
            execution.fail(exc, watch.frame)
            raise
        execution.finish(result, watch.frame)
        return result

    return wrapper


def _coroutine(component: Component, plan: Plan) -> _Function:
    function = plan.function

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if switch.is_off or is_recording_thread():
            return await function(*args, **kwargs)
        execution = Execution(component, plan)
        execution.begin(args, kwargs)
        frame = None
        try:
            coroutine = function(*args, **kwargs)
            frame = getattr(coroutine, "cr_frame", None)
            result = await coroutine
        except BaseException as exc:
            execution.fail(exc, frame)
            raise
        execution.finish(result, frame)
        return result

    return wrapper


def _generator(component: Component, plan: Plan) -> _Function:
    function = plan.function

    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        if switch.is_off or is_recording_thread():
            return (yield from function(*args, **kwargs))
        execution = Execution(component, plan)
        execution.begin(args, kwargs)
        frame = None
        try:
            generator = function(*args, **kwargs)
            frame = getattr(generator, "gi_frame", None)
            result = yield from _steps(generator, execution)
        except GeneratorExit:
            execution.finish(None, frame)
            raise
        except BaseException as exc:
            execution.fail(exc, frame)
            raise
        execution.finish(result, frame)
        return result

    return wrapper


def _steps(generator: Generator[Any, Any, Any], execution: Execution) -> Generator[Any, Any, Any]:
    """Delegate to the generator, with its run as the current one only while its own code runs."""
    step, sent = generator.send, None
    while True:
        try:
            item = step(sent)
        except StopIteration as stop:
            return stop.value
        execution.leave()
        try:
            sent = yield item
            step = generator.send
        except GeneratorExit:
            generator.close()
            raise
        except BaseException as exc:  # noqa: BLE001  # whatever is thrown in is the generator's to handle
            step, sent = generator.throw, exc
        finally:
            execution.enter()


def _async_generator(component: Component, plan: Plan) -> _Function:
    function = plan.function

    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        is_off = switch.is_off or is_recording_thread()
        execution = IdleExecution(component, plan) if is_off else Execution(component, plan)
        execution.begin(args, kwargs)
        frame = None
        try:
            generator = function(*args, **kwargs)
            frame = getattr(generator, "ag_frame", None)
            step, sent = generator.asend, None
            while True:
                try:
                    item = await step(sent)
                except StopAsyncIteration:
                    break
                execution.leave()
                step, sent = generator.asend, None
                try:
                    sent = yield item
                except GeneratorExit:
                    await generator.aclose()
                    raise
                except BaseException as exc:  # noqa: BLE001  # whatever is thrown in is the generator's to handle
                    step, sent = generator.athrow, exc
                finally:
                    execution.enter()
        except GeneratorExit:
            execution.finish(None, frame)
            raise
        except BaseException as exc:
            execution.fail(exc, frame)
            raise
        execution.finish(None, frame)

    return wrapper
