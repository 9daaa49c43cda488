"""The packaged program ``evenkeel``: the command line, and what it starts itself for."""

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()  # a worker of ``evenkeel analyze --jobs``
    if sys.argv[1:] == ["--recogniser-process"]:  # of models/host_worker.py, which has no Python to start here
        from models.host_child import main as recognise

        recognise()
    else:
        from monitor.cli import main

        sys.exit(main())
