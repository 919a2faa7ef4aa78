"""Measure all that docs/accuracy.md says, and write the tables to docs/measured.md: `make accuracy DATA=…`.

    python -m training.accuracy ../shared/data --cache CACHE [--only detection similarity …]

Each step is a command of its own; what it prints is kept in CACHE, so that some steps can be made anew and
the others stay. Two cores need some two hours for all of it. The heads are trained again from their seeds,
and their cards and the model card are written with what comes out."""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from regard.collections.face_models import FaceModels

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "measured.md"


@dataclass(frozen=True)
class Step:
    """A command: its words, in which {data} and {cache} stand for the folders."""

    title: str
    words: tuple[str, ...]

    def command(self, data: str, cache: str) -> list[str]:
        return [word.format(data=data, cache=cache) for word in self.words]


VERSION = FaceModels().default.version
_MODEL = ("--model", VERSION)
_VECTORS = f"{{cache}}/lfw_vectors-{VERSION}.npz"  # those of another model lie beside them

STEPS = {
    "detection": Step(
        "Finding faces", ("-m", "bench", "--only", "detection", "--data", "{data}", "--markdown")
    ),
    "rolls": Step(
        "Which way up faces are", ("-m", "bench", "--only", "rolls", "--data", "{data}", "--markdown")
    ),
    "confidence": Step("Confidence of a find", ("-m", "training.fit_confidence", "{data}")),
    "geometry": Step("Landmarks and pose", ("-m", "training.measure_geometry", "{data}")),
    "similarity": Step(
        "Telling people apart",
        ("-m", "training.fit_similarity", "{data}/lfw", *_MODEL, "--embeddings", _VECTORS),
    ),
    "embeddings": Step(
        "What each part of the embedding gains",
        (
            "-m",
            "training.compare_embeddings",
            "{data}",
            *_MODEL,
            "--features",
            f"{{cache}}/compared-{VERSION}.npz",
        ),
    ),
    "users": Step(
        "Users",
        ("-m", "training.fit_user_vectors", "{data}/lfw", *_MODEL, "--embeddings", _VECTORS),
    ),
    "appearance": Step("", ("-m", "training.fit_appearance", "{data}", "--cache", "{cache}")),
    "age_gender": Step("", ("-m", "training.fit_age_gender", "{data}", "--cache", "{cache}")),
    "expression": Step("", ("-m", "training.fit_expression", "{data}", "--cache", "{cache}")),
    "labels": Step("", ("-m", "training.fit_labels", "{data}", "--cache", "{cache}/labels")),
    "classes": Step("", ("-m", "training.fit_classes", "{data}", "--cache", "{cache}/labels")),
    "surroundings": Step("", ("-m", "training.fit_surroundings", "{data}", "--cache", "{cache}/labels")),
    "protective": Step("", ("-m", "training.fit_protective", "{data}", "--cache", "{cache}")),
    "card": Step("", ("-m", "training.make_card", "{data}", *_MODEL, "--cache", "{cache}")),
    "tables": Step("", ("docs/generate.py",)),
}


def page(cache: Path, data: str) -> str:
    """The tables of the steps that have been made, under their titles and commands."""
    lines = [
        "# Measured tables",
        "",
        "As the commands print them, written by `make accuracy`. [accuracy.md](accuracy.md) says what they "
        "mean, and has those of the heads.",
    ]
    for name, step in STEPS.items():
        kept = cache / f"{name}.txt"
        if step.title and kept.exists():
            command = " ".join(step.command("DATA", "CACHE"))
            lines += [
                "",
                f"## {step.title}",
                "",
                f"`python {command}`",
                "",
                *_tables(kept.read_text("utf-8")),
            ]
    return "\n".join(lines).replace(data, "DATA") + "\n"


def _tables(text: str) -> list[str]:
    """The lines of the tables, and the last line before each that isn't part of one."""
    kept: list[str] = []
    said, inside = "", False
    for line in text.splitlines():
        if line.startswith("|"):
            if not inside:
                kept += ["", said, ""] if said else [""]
            kept.append(line)
            inside = True
        elif line.strip():
            said, inside = line.strip(), False
        else:
            said, inside = "" if inside else said, False
    return kept[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=STEPS, default=list(STEPS))
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    data, cache = str(options.data), str(options.cache)
    for name in options.only:
        command = [sys.executable, *STEPS[name].command(data, cache)]
        print(f"{name}: {' '.join(command[1:])}", flush=True)
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        (options.cache / f"{name}.txt").write_text(done.stdout, "utf-8")
        PAGE.write_text(page(options.cache, data), "utf-8")
    print(f"{PAGE} is written.")


if __name__ == "__main__":
    main()
