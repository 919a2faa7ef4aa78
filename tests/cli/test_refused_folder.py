"""A folder of the server's user, looked at by another one."""

from __future__ import annotations

import errno
import os

import pytest

import regard.cli


def test_what_this_user_may_not_use_is_one_sentence_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:  # as for any user but root, who may run the tests
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/var/lib/regard/regard.db")

    monkeypatch.setattr(regard.cli, "app", refused)
    with pytest.raises(SystemExit) as ended:
        regard.cli.main()
    assert ended.value.code == 1
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith(
        "regard: This user may not use /var/lib/regard/regard.db. Run it as the server's user"
    )
