"""What pages show, worked out in a child process, see `cxlib.runner`: results go into the store, where pages find them.

Parameters name a data set and its version; where that version is not the current one any more, nothing is done.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cxlib.store.data_sets import root_of
from cxlib.store.shelf import ROOT_VARIABLE
from cxlib.texts import _
from cxlib.ui import prepare, views

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cxlib.ui.scope import Scope

    Report = Callable[[float | None, str], None]


def work_out(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Work out one view of a choice: ``view`` and ``asked``, see `cxlib.ui.views.VIEWS`."""
    report(None, _("under way"))
    scope = _scope(parameters, folder)
    if scope is not None:
        views.work_out(scope, parameters["view"], parameters["asked"])
    return {}


def first_sights(parameters: dict[str, Any], folder: Path, _report: Report) -> dict[str, Any]:
    """Work out what all pages open with."""
    scope = _scope(parameters, folder)
    if scope is not None:
        prepare.prepare(scope)
    return {}


def filters(parameters: dict[str, Any], folder: Path, report: Report) -> dict[str, Any]:
    """Work out what a first click on each filter shows."""
    scope = _scope(parameters, folder)
    if scope is not None:
        prepare.prepare_filters(scope, told=lambda share: report(share, _("Preparing the filters")))
    return {}


def _scope(parameters: dict[str, Any], folder: Path) -> Scope | None:
    os.environ[ROOT_VARIABLE] = str(root_of(folder))
    return views.current(parameters["dataset"], parameters["version"])
