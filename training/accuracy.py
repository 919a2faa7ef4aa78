"""Measure all that docs/accuracy.md says, and write the tables to docs/measured.md: `make accuracy DATA=…`.

    python -m training.accuracy ../shared/data --cache CACHE [--only detection similarity …] [--force]

Each step is a command of its own. What it prints is kept in CACHE by a digest of its code, its networks, the
fitted files that it reads and its data; so is what takes long to make on the way. A step that has been made
from the same, and whose files are still what it wrote, isn't run again. One that fails leaves the others. Two
cores need some two hours for all of it. The heads are trained again from their seeds, and their cards and the
model card are written with what comes out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from training.accuracy_steps import INTERMEDIATES, PLAIN, STEPS, Step
from training.digests import ROOT, Digests
from training.measured_page import PAGE, Table, page

FAILED_LINES = 20  # of what a step that fails has printed


@dataclass(frozen=True)
class Outcome:
    """What became of a step: `seconds` that it took, when it was run."""

    name: str
    word: str
    seconds: float


class Cache:
    """A folder: `results/STEP-DIGEST.json` with what a step printed and wrote, and a folder for each digest
    of an intermediate.
    """

    def __init__(self, folder: Path, data: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "results").mkdir(exist_ok=True)
        self._folder = folder.resolve()
        self._data = data.resolve()
        self._digests = Digests(self._data, self._folder / "files.json")

    def digest(self, step: Step) -> str | None:
        """None for a step that is run every time."""
        return None if step.needs is None else self._digests.of(step.needs, step.words)

    def command(self, name: str, step: Step) -> list[str]:
        """The words of a step with its folders, which are made where they are missing."""
        folders = {"data": self._data} | {key: self._folder / key for key in PLAIN}
        for word in step.words:
            for key in (key for key in (*INTERMEDIATES, "own") if f"{{{key}}}" in word):
                own = self.digest(step) if key == "own" else self._digests.of(INTERMEDIATES[key])
                folders[key] = self._folder / f"{name if key == 'own' else key}-{own}"
                folders[key].mkdir(exist_ok=True)
        return [word.format(**folders) for word in step.words]

    def result(self, name: str, digest: str | None) -> dict | None:
        file = self._folder / "results" / f"{name}-{digest}.json"
        return json.loads(file.read_text("utf-8")) if file.exists() else None

    def keep(self, name: str, digest: str, step: Step, printed: str, seconds: float) -> None:
        facts = {"printed": printed, "seconds": round(seconds, 1), "written": _written(step)}
        file = self._folder / "results" / f"{name}-{digest}.json"
        file.write_text(json.dumps(facts, ensure_ascii=False, indent=1), "utf-8")

    def latest(self, name: str) -> dict | None:
        """The result of a step that was made last, whatever it was made from."""
        files = self._folder.glob(f"results/{name}-{'[0-9a-f]' * 16}.json")
        made = max(files, key=lambda file: file.stat().st_mtime, default=None)
        return None if made is None else json.loads(made.read_text("utf-8"))

    def tables(self) -> Iterable[Table]:
        for name, step in STEPS.items():
            if step.title:
                result = self.result(name, self.digest(step))
                printed = result or self.latest(name)
                if printed is not None:
                    text = printed["printed"].replace(str(self._data), "DATA")
                    yield Table(step.title, _shown(step), text, is_earlier=result is None)


def _shown(step: Step) -> str:
    """A step's command as its user would type it."""
    places = dict.fromkeys((*INTERMEDIATES, *PLAIN, "own"), "CACHE") | {"data": "DATA"}
    return " ".join(["python", *(word.format(**places) for word in step.words)])


def _written(step: Step) -> Mapping[str, str]:
    """SHA-256 of the files that a step writes, by their paths; without those that are missing."""
    files = (ROOT / file for file in step.writes)
    return {
        str(file.relative_to(ROOT)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.exists()
    }


def run(name: str, cache: Cache, *, force: bool) -> Outcome:
    """Run a step unless it is kept. Says what it does."""
    step = STEPS[name]
    digest = cache.digest(step)
    kept = None if force else cache.result(name, digest)
    if kept is not None and kept["written"] == _written(step):
        print(f"{name}: kept, {digest}", flush=True)
        return Outcome(name, "kept", 0.0)
    command = cache.command(name, step)
    print(f"{name}: {' '.join(command)}", flush=True)
    begin = time.monotonic()
    done = subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    seconds = time.monotonic() - begin
    if done.returncode:
        print(*done.stdout.splitlines()[-FAILED_LINES:], sep="\n", flush=True)
        return Outcome(name, f"failed ({done.returncode})", seconds)
    if digest is not None:
        cache.keep(name, digest, step, done.stdout, seconds)
    return Outcome(name, "run", seconds)


def summary(outcomes: Iterable[Outcome]) -> str:
    """A Markdown table of what became of each step."""
    rows = [f"| {one.name} | {one.word} | {_duration(one.seconds)} |" for one in outcomes]
    return "\n".join(["| step | | time |", "|---|---|---|", *rows])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min"


def main(arguments: list[str] | None = None) -> int:
    """0, or 1 where a step has failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=STEPS, default=list(STEPS), metavar="STEP")
    parser.add_argument("--force", action="store_true", help="run the steps that are kept, too")
    options = parser.parse_args(arguments)
    cache = Cache(options.cache, options.data)
    outcomes = []
    for name in (name for name in STEPS if name in options.only):
        outcomes.append(run(name, cache, force=options.force))
        PAGE.write_text(page(cache.tables()), "utf-8")
    print(f"\n{summary(outcomes)}\n{PAGE.relative_to(ROOT)} is written.")
    return int(any(one.word.startswith("failed") for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
