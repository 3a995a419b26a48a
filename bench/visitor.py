"""One visitor of the dashboard: a session that speaks the browser's protocol over the real websocket.

It knows what stands on its page that can be changed, changes it as a reader would, and waits for the end of what runs.
Parts of a page that run by themselves (while something is worked out) are asked for as often as a browser would.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

if TYPE_CHECKING:
    import random

NOT_CLICKED: Final = ("Data set", "Language / 语言")
ENDS: Final = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
CHOOSES: Final = ("selectbox", "radio", "button_group", "multiselect")
CHANGES: Final = (*CHOOSES, "checkbox", "number_input", "slider")
LONGEST_S: Final = 300
"""An answer that takes longer than this ends the run."""
ITSELF_S: Final = 20
"""A part that was to run by itself and has not answered by then is gone from the page: nobody answers for it."""


@dataclass
class Visitor:
    """A session: what stands on its page that can be changed, by id, with the fragment that it stands in.

    `changed` is what was changed: the name of the field of its state, and the value. `last` says the last change in
    words, `faults` what went wrong.
    """

    url: str
    data: str
    random: random.Random
    socket: Any = None
    query: str = ""
    page_hash: str = ""
    last: str = ""
    widgets: dict[str, tuple[str, Any, str]] = field(default_factory=dict)
    changed: dict[str, tuple[str, Any]] = field(default_factory=dict)
    kept: dict[str, ForwardMsg] = field(default_factory=dict)
    again: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    async def enter(self) -> None:
        """Open a new session."""
        address = self.url.replace("http", "ws") + "/_stcore/stream"
        self.socket = await connect(address, subprotocols=["streamlit"], origin=self.url, max_size=None)

    async def open(self, url_path: str) -> float:
        """Turn to a page and return how long its run took."""
        self.changed, self.query, self.page_hash = {}, f"lang=en&data={self.data}", ""
        self.last = f"{url_path or 'overview'}: opened"
        return await self._run(url_path, "")

    async def click(self) -> float | None:
        """Change one of the widgets of the page and return how long what runs took; None where there is none."""
        able = {name: found for name, found in self.widgets.items() if can_change(found[0], found[1])}
        if not able:
            return None
        name = self.random.choice(sorted(able))
        kind, widget, fragment = able[name]
        self.changed[name] = changed_to(kind, widget, self.changed.get(name), self.random)
        self.last = f"{widget.label}: {self.changed[name][1]}"
        return await self._run("", fragment)

    async def stay(self, seconds: float) -> None:
        """Look at the page; what runs by itself meanwhile is asked for as a browser would."""
        until = time.perf_counter() + seconds
        while self.again and time.perf_counter() + min(self.again.values()) < until:
            fragment = min(self.again, key=self.again.__getitem__)
            await asyncio.sleep(self.again[fragment])
            await self._run("", fragment, by_itself=True)
        await asyncio.sleep(max(0.0, until - time.perf_counter()))

    async def until_there(self, most_s: float) -> None:
        """Look at the page until nothing on it is being worked out any more, at most so long."""
        until = time.perf_counter() + most_s
        while self.again and time.perf_counter() < until:
            await self.stay(min(self.again.values()) + 0.01)

    async def leave(self) -> None:
        """Close the session."""
        with suppress(OSError):
            await self.socket.close()

    async def _run(self, url_path: str, fragment: str, *, by_itself: bool = False) -> float:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.page_name = self.query, self.page_hash, url_path
        state.fragment_id, state.context_info.timezone, state.context_info.locale = fragment, "Europe/Berlin", "en-US"
        state.context_info.url, state.is_auto_rerun = f"{self.url}/{url_path}", by_itself
        for name, (form, value) in self.changed.items():
            own = state.widget_states.widgets.add(id=name)
            if form.endswith("array_value"):
                getattr(own, form).SetInParent()
                getattr(own, form).data.extend(value)
            else:
                setattr(own, form, value)
        state.cached_message_hashes.extend(self.kept)
        start = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        try:
            async with asyncio.timeout(ITSELF_S if by_itself else LONGEST_S):
                await self._until_end(fragment)
        except TimeoutError:
            if by_itself:
                self.again.pop(fragment, None)
                return ITSELF_S
            raise RuntimeError(f"{self.last}: no answer in {LONGEST_S} s") from None
        return time.perf_counter() - start

    async def _until_end(self, fragment: str) -> None:
        if fragment:
            self.widgets = {name: found for name, found in self.widgets.items() if found[2] != fragment}
        while True:
            told = ForwardMsg()
            told.ParseFromString(await self.socket.recv())
            if told.WhichOneof("type") == "ref_hash":
                told = self.kept[told.ref_hash]
            elif told.hash:
                self.kept[told.hash] = told
            kind = told.WhichOneof("type")
            if kind == "new_session" and not fragment:  # the whole page is drawn anew
                self.widgets, self.again = {}, {}
            if kind == "script_finished" and told.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                fragment = ""
            if kind == "script_finished" and told.script_finished in ENDS:
                break
            self._read(kind, told)
        if not fragment:  # a browser forgets what does not stand on the page any more
            self.changed = {name: found for name, found in self.changed.items() if name in self.widgets}

    def _read(self, kind: str, told: ForwardMsg) -> None:
        if kind == "navigation":
            self.page_hash = told.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = told.page_info_changed.query_string
        elif kind == "auto_rerun":
            self.again[told.auto_rerun.fragment_id] = told.auto_rerun.interval
        elif kind == "page_not_found":
            self.faults.append(f"{self.last}: page not found")
        elif kind == "delta" and told.delta.WhichOneof("type") == "new_element":
            self._stands(told.delta.new_element, told.delta.fragment_id)

    def _stands(self, element: Any, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.faults.append(f"{self.last}: {element.exception.type}: {element.exception.message}")
        if kind not in CHANGES:
            return
        widget = getattr(element, kind)
        if widget.label in NOT_CLICKED or widget.form_id or widget.disabled:
            return
        self.widgets[widget.id] = (kind, widget, fragment)
        if widget.set_value:
            self.changed[widget.id] = set_by_page(kind, widget)


def can_change(kind: str, widget: Any) -> bool:
    """Whether a reader could change the widget to anything else."""
    return len(widget.options) > 1 if kind in CHOOSES else kind != "slider" or not widget.options


def changed_to(kind: str, widget: Any, before: tuple[str, Any] | None, chance: random.Random) -> tuple[str, Any]:
    """Return another value of a widget than `before`, as the field of its state and what stands in it."""
    if kind in CHOOSES:
        options = [getattr(each, "content", each) for each in widget.options]
        if before is None:
            first = widget.default if kind in ("selectbox", "radio") else next(iter(widget.default), -1)
            shown = [options[first]] if 0 <= first < len(options) else []
        else:
            shown = [before[1]] if isinstance(before[1], str) else list(before[1])
        value = chance.choice([each for each in options if each not in shown] or options)
        return ("string_value", value) if kind in ("selectbox", "radio") else ("string_array_value", [value])
    if kind == "checkbox":
        return "bool_value", not (widget.default if before is None else before[1])
    if kind == "slider":
        steps = max(1, round((widget.max - widget.min) / (widget.step or 1)))
        return "double_array_value", [
            widget.min + chance.randrange(steps + 1) * (widget.step or 1) for _ in widget.default
        ]
    now, step = widget.default if before is None else before[1], widget.step or 1
    more = now + step if not widget.has_max or now + step <= widget.max else now - step
    return "double_value", more


def set_by_page(kind: str, widget: Any) -> tuple[str, Any]:
    """Return the value that the page gave to a widget."""
    if kind in ("selectbox", "radio"):
        return "string_value", widget.raw_value
    if kind in CHOOSES:
        return "string_array_value", list(widget.raw_values)
    if kind == "slider":
        return "double_array_value", list(widget.value)
    return ("bool_value" if kind == "checkbox" else "double_value"), widget.value
