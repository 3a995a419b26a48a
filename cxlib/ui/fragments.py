"""Fragments that keep the reader's language and the ink of charts.

A fragment runs again outside the frame, where the context variables of both are not set.
"""

from __future__ import annotations

from functools import wraps
from itertools import count
from typing import TYPE_CHECKING, Any

import streamlit as st

from cxlib.charts.look import set_ink
from cxlib.texts import set_language
from cxlib.ui import record

if TYPE_CHECKING:
    from collections.abc import Callable

_calls = count()


def speak_and_ink() -> None:
    """Set the reader's language and the ink of charts for what runs from here on."""
    set_language(st.session_state.get("language", "en"))
    set_ink(dark=st.context.theme.type == "dark")


def fragment(function: Callable[..., None]) -> Callable[..., None]:
    """Make `function` a fragment: a change of a widget inside it runs it alone."""

    @st.fragment
    @wraps(function)
    def in_language(call: str, *args: Any, **kwargs: Any) -> None:
        speak_and_ink()
        with record.fragment_runs(call):
            function(*args, **kwargs)

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> None:
        in_language(f"call {next(_calls)}", *args, **kwargs)  # kept with the arguments when it runs again

    return called


def fragment_every(seconds: float) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a fragment that also runs by itself every so many seconds."""

    def made(function: Callable[..., None]) -> Callable[..., None]:
        @st.fragment(run_every=seconds)
        @wraps(function)
        def in_language(*args: Any, **kwargs: Any) -> None:
            speak_and_ink()
            function(*args, **kwargs)

        wrapped: Callable[..., None] = in_language
        return wrapped

    return made
