"""The offline download: one zip of the site, the same bytes for the same site, that opens from any folder."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
from pathlib import Path

from errordocs import write
from errordocs.model import Failed

DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold; the clock has no say in it
UNIX = 3


def bundle(output: str, target: str, folder: str) -> int:
    """Makes `target` hold the site that lies in `output`, under `folder`; the number of its files.

    Only what a build wrote goes in. The file is put in place whole; Failed where there is no site or no room.
    """
    names = sorted(write.manifest(Path(output)))
    if not names:
        raise Failed(f"{output}: there is no site to bundle; build it first")
    if os.path.realpath(target).startswith(os.path.join(os.path.realpath(output), "")):
        raise Failed(f"{target}: this lies inside the site; choose a place outside of {output} with --to")
    temporary = ""
    try:
        os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(target) or ".", prefix=".bundle-")
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name in names:
                with open(f"{output}/{name}", "rb") as page:
                    archive.writestr(_member(f"{folder}/{name}"), page.read(), zipfile.ZIP_DEFLATED, 9)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        place = error.filename or target
        raise Failed(f"{place}: {error.strerror}; build again, or choose another place with --to") from None
    return len(names)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, DATE)
    member.create_system = UNIX
    member.external_attr = (stat.S_IFREG | 0o644) << 16
    return member
