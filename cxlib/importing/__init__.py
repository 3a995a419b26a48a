"""Files on their way into the store, read and saved in child processes.

The server holds only paths and small frames::

    runner = runner_of(store.root)                         # one a process
    file = spool(upload, store.root)                       # or inbox files, or any path
    job = start_read(runner, source_of(file, name=upload.name), store=store, table=None, mapping=None)
    read = FileDigest.open(job.folder)                     # once job.state == "done"
    job = start_prepare(runner, [(source, read)], store=store, dataset="k7d3...")   # dataset=None: a new one
    prepared = PrepareDigest.open(job.folder)
    job = start_commit(runner, job.folder, store=store, dataset=..., new=None, who="...")
    job.result()                                           # {"dataset", "version", "imports"}

`Arrival`, `checked` and `incoming` do the same with readings in memory.
"""

from cxlib.importing.arrival import Arrival, checked, incoming
from cxlib.importing.digest import FileDigest, FilePrepared, PrepareDigest
from cxlib.importing.inbox import inbox, inbox_path, listed
from cxlib.importing.jobs import Source, runner_of, source_of, start_commit, start_prepare, start_read
from cxlib.importing.spool import spool, tidy_spool, unspool

__all__ = [
    "Arrival",
    "FileDigest",
    "FilePrepared",
    "PrepareDigest",
    "Source",
    "checked",
    "inbox",
    "inbox_path",
    "incoming",
    "listed",
    "runner_of",
    "source_of",
    "spool",
    "start_commit",
    "start_prepare",
    "start_read",
    "tidy_spool",
    "unspool",
]
