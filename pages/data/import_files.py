"""Import: files in, what is wrong with them, and what the import would do."""

import streamlit as st

from cxlib.errors import CxError
from cxlib.texts import _
from cxlib.ui import states
from cxlib.ui.arriving import from_inbox, upload, what_to_bring
from cxlib.ui.batch import Batch, current_batch
from cxlib.ui.commit import committing, done, import_button, target
from cxlib.ui.consequences import consequences
from cxlib.ui.questions import ask_for_all, open_questions
from cxlib.ui.reading import read_all
from cxlib.ui.show import heading


def page(batch: Batch) -> None:
    """Files, what was read of them, what is asked, what is wrong, what the import would do, commit."""
    done()
    if committing(batch):
        return
    upload(batch)
    from_inbox(batch)
    if not batch.files:
        what_to_bring()
        return
    heading(_("Your files"))
    above = st.container()
    files = read_all(batch)
    with above:
        ask_for_all(batch, files)
    if len(files) < len(batch.files) or any(open_questions(file, digest) for file, digest in files):
        return
    heading(_("What the import does"))
    said = target(batch, files)
    prepared = consequences(batch, files)
    import_button(batch, prepared if said else None)


try:
    page(current_batch())
except CxError as error:
    states.refused(error)
