"""The faces that the training scripts share are kept by what was asked for."""

from __future__ import annotations

from pathlib import Path

from training.facesets import face_set

from tests.conftest import PICTURES


def test_a_set_made_of_some_pictures_does_not_stand_for_the_whole(tmp_path: Path) -> None:
    folder = tmp_path / "data/portraits"
    folder.mkdir(parents=True)
    for name in ("astronaut.jpg", "hopper.jpg"):
        (folder / name).symlink_to(PICTURES / name)
    some = face_set(tmp_path / "data", "portraits", tmp_path / "cache", names=["hopper.jpg"])
    every = face_set(tmp_path / "data", "portraits", tmp_path / "cache")
    assert some.names.tolist() == ["hopper.jpg"]
    assert every.names.tolist() == ["astronaut.jpg", "hopper.jpg"]
    assert (every.of(["hopper.jpg"]).chips == some.chips).all()
