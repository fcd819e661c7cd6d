"""This machine and this process as leases name them: digests and numbers, no host or user names."""

from __future__ import annotations

import os
import socket
import sys
import uuid
from functools import lru_cache
from pathlib import Path

from ..digests import digest

NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gluster", "gpfs", "beegfs", "fuse.sshfs", "davfs")
"""Beginnings of the types of file system that several machines share."""


@lru_cache(maxsize=1)
def host_id() -> str:
    """Give the same short digest for every process of this machine."""
    named = _text("/etc/machine-id") or f"{uuid.getnode():x}"
    return digest("backtrail-host/1", named.encode(), socket.gethostname().encode())[3:19]


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Give a short digest that changes whenever this machine starts; empty if the system does not say."""
    named = _text("/proc/sys/kernel/random/boot_id")
    return digest("backtrail-boot/1", named.encode())[3:19] if named else ""


def process_start(pid: int) -> str:
    """Give when process *pid* started, in a unit of the system's own; empty if it does not say or there is none."""
    line = _text(f"/proc/{pid}/stat")
    fields = line.rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else ""


def is_running(pid: int, start: str) -> bool:
    """Tell whether process *pid* of this machine, started at *start*, is there still."""
    if start:
        return process_start(pid) == start
    if sys.platform == "win32":
        return True  # the lock alone decides there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_network(path: str) -> bool:
    """Tell whether *path* lies on a file system that several machines may share."""
    return file_system(path).startswith(NETWORK)


def is_journalled_in_order(path: str) -> bool:
    """Tell whether bringing one name to the medium there brings all names that were changed before it too."""
    return file_system(path) in ("ext3", "ext4", "xfs")


def file_system(path: str) -> str:
    """Give the type of the file system of *path*; empty if this system does not say."""
    best, kind = "", ""
    real = os.path.realpath(path)
    for line in _text("/proc/mounts").splitlines():
        fields = line.split()
        if len(fields) > 2:
            point = fields[1].replace("\\040", " ")
            inside = real == point or real.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best):
                best, kind = point, fields[2]
    return kind


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
