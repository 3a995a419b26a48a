"""The launcher: ``streamlit run app.py`` and ``uvicorn app:app`` both serve it."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

import cxlib.ui.decisions  # noqa: F401 - loaded with the server, so that the first reader does not wait for it
from cxlib.ui.security import DeclaredLanguage, SecurityHeaders
from cxlib.ui.uploads import UploadsToDisk

app = st.App(
    Path(__file__).parent / "cxlib" / "ui" / "frame.py",
    middleware=[Middleware(SecurityHeaders), Middleware(DeclaredLanguage), Middleware(UploadsToDisk)],
)
