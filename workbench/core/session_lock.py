"""One workbench per session folder: the system holds the lock, a file in it says by whom.

The lock ends with the process, however that ends, so that nobody has to clear up after a crash.
"""

import contextlib
import errno
import fcntl
import json
import os
import socket
from pathlib import Path
from typing import IO

from neuhmr.errors import NeuhmrError
from neuhmr.files.json_text import read_json

LOCK_NAME = "session.lock"


class SessionLock:
    """Holds one folder at a time."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._file: IO[str] | None = None

    def hold(self, folder: Path) -> str | None:
        """Hold a folder that exists, and no other any more.

        Returns:
            Who holds it instead, in words; None where it is held by this workbench.
        """
        if self._folder == folder:
            return None
        self.release()
        file = open(folder / LOCK_NAME, "a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return _holder(folder)
            return None  # A file system without locks; there is nothing to hold.
        file.truncate(0)
        json.dump({"pid": os.getpid(), "host": socket.gethostname()}, file)
        file.flush()
        self._folder, self._file = folder, file
        return None

    def release(self) -> None:
        """Let others have the folder."""
        if self._file is not None and self._folder is not None:
            # Removed while it is held: nobody else can have locked this very file.
            with contextlib.suppress(OSError):
                (self._folder / LOCK_NAME).unlink()
            self._file.close()
        self._folder, self._file = None, None


def _holder(folder: Path) -> str:
    """Say who holds a folder, as far as the file tells."""
    try:
        content = read_json(folder / LOCK_NAME, NeuhmrError, "a lock", "delete it")
        return f"process {int(content['pid'])} on {content['host']}"
    except (NeuhmrError, KeyError, TypeError, ValueError):
        return "another process"
