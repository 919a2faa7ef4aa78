"""Runs a command in an image's file system as a container would: without an engine, by util-linux alone.

The file system is read only but for /data, /tmp and /dev/shm. The user is the image's, without capabilities
and without a way to new ones. Processes and mounts are its own; the network is the machine's.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_USER = 10001


def run_sealed(
    root: Path,
    command: Sequence[str],
    *,
    data: Path,
    models: Path,
    environment: Mapping[str, str],
    **options: Any,
) -> subprocess.Popen[bytes]:
    """`data` is mounted at /data, `models` read only at /models. Root's rights are needed to set this up."""
    variables = [f"{name}={value}" for name, value in environment.items()]
    inner = shlex.join(
        [
            *("setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups", "--no-new-privs"),
            *("--bounding-set=-all", "--inh-caps=-all", "env", "-i", *variables, *command),
        ]
    )
    quoted = {name: shlex.quote(str(path)) for name, path in {"r": root, "d": data, "m": models}.items()}
    script = """
        set -e
        mount --make-rprivate /
        mount --bind {r} {r}
        mount --bind {d} {r}/data
        mount --bind -o ro {m} {r}/models && mount -o remount,ro,bind {r}/models
        mount -t tmpfs -o mode=1777 tmpfs {r}/tmp
        mount --bind /dev {r}/dev
        mount -t proc proc {r}/proc
        mount -o remount,ro,bind {r}
        exec chroot {r} sh -c {inner}
    """.format(**quoted, inner=shlex.quote(f"cd /data && exec {inner}"))
    return subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "sh", "-c", script], **options)
