"""Long work in child processes: limits, progress, cancelling, and results that are kept.

A server has one `Runner` for each folder; `start` gives a `Job`::

    runner = Runner(folder)
    job = runner.start("cxlib.importing.tasks:read_file", {"path": "..."}, language="en")
    while not job.wait(0.2):
        print(job.state, job.share, job.said)
    found = job.result()  # or raises CxError
    job.folder            # the files that the task wrote; call `start` again before each use

A task is a public function of a module in ``cxlib``, called in the child as
``function(parameters, folder, report)``: `parameters` is what was given (JSON), `folder` an empty folder for its files,
`report(share, said)` tells how far it is (`share` from 0 to 1, or None); it returns a dict (JSON). What it raises as
`CxError` arrives as the same error. A child that dies is an error too: ``reader_crashed``, ``out_of_memory``,
``took_too_long``. Nothing but JSON passes between the processes.

Results are kept by task, parameters and code version: the same call finds them again, or joins the job that is under
way, in this process or another one on the same folder. Parameters must therefore say all that the result depends on,
such as the version of a data set and the hash of a file. The parameter ``dataset`` names the data set whose deletion
removes the result, see `forget`.
"""

from cxlib.runner.job import Job, State
from cxlib.runner.kept import forget
from cxlib.runner.limits import Limits
from cxlib.runner.runner import Runner

__all__ = ["Job", "Limits", "Runner", "State", "forget"]
