"""Measure the default pack's model card and write it to src/regard/packs/cards/default-VERSION.json.

    python -m training.make_card ../shared/data --cache CACHE

The identity part is of the people in `lfw/pairs_dev_folds1-3.txt`: every pair of pictures, each pair of
people weighing the same. By group: the same people by gender; FairFace and UTKFace by race and age, whose
pictures are taken to be of different people each, so that only false matches are measured there. Embeddings
are kept in CACHE, by what made them: the code of regard.vision and the weights. Rates that fewer than ten
pairs of people show are extrapolated (regard.evaluation.tail). What is not measured here comes from
training/card.toml.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from regard.collections.face_models import FaceModels
from regard.evaluation.card import THRESHOLDS, GroupTable, ModelCard, Training
from regard.evaluation.card_rates import SEARCHED, galleries_of, groups_of, rates_at
from regard.evaluation.choices import Identities, Main
from regard.evaluation.dataset import AGES, Sample, read_dataset
from regard.evaluation.faces import Recognizer, observe_faces
from regard.evaluation.heads import head_metrics, head_trainings
from regard.evaluation.pairs import Pairs, all_pairs
from regard.packs.install import InstalledPack, install
from regard.packs.manifest import find_pack
from regard.vision import image as vision_image
from regard.vision.faces import FaceAnalyzer
from regard.vision.session import SessionPool, one_thread_each
from training.lfw import MISLABELLED, ONE_PERSON, listed_pairs

PACK = "default"
MODEL = FaceModels().default
ADULT = 20  # years: the least age of FairFace's first class of adults
LOOSE = (50.0, 80.0)  # thresholds at which people who are in a set twice decide nothing
ROOT = Path(__file__).parent.parent
# Of the attributes: a change of these leaves embeddings as they are.
NOT_IDENTITY = ("attributes.py", "describer.py", "geometry.py", "heads.py", "mean_face.npz", "mesh.py")
# What the card says of the heads' cards; docs/accuracy.md has all of it.
HEADLINES = (
    "right, %",
    "years off",
    "years off, adults",
    "in the range that is said, %",
    "right, adults, %",
    "right, women, %",
    "right, men, %",
    "right, a picture without a find is wrong, %",
)
METHOD = (
    "Of every picture the face nearest the middle counts. A false match rate is the share of pairs of two "
    "people that are taken for one; every pair of people weighs the same. Its interval counts that pairs of "
    "one person "
    "depend on each other.",
    "A number with * is extrapolated: fewer than ten pairs of people were that near each other. How near "
    "the nearest thousandth of the pairs are, on a logarithmic scale, follows a generalised Pareto "
    "distribution; the "
    "interval comes from drawing the people anew.",
    "A search finds somebody wrongly with the probability 1 − (1 − FMR)^N in a gallery of N people.",
    "FairFace and UTKFace don't say who is who, so that every picture is taken for another person. Some "
    "people are in them several times: of the pairs that match at 99 % most are of one person. So these "
    "rates are too high, little at 50 and 80 %, and for higher thresholds they are not told. Compare the "
    "groups with "
    "each other.",
)


@dataclass(frozen=True)
class Faces:
    """Pictures in which a face was found, with their embeddings."""

    samples: list[Sample]
    rows: np.ndarray

    def pairs(self) -> Pairs:
        return all_pairs(
            self.rows,
            [sample.identity for sample in self.samples],
            radius=MODEL.curve.distance_at(min(THRESHOLDS)),
            share=2e-3,
        )

    def merged(self) -> Faces:
        """Without the pictures that LFW has under a wrong name, and one name for people who have two."""
        wrong = {f"{name}/{name}_{number:04}.jpg" for name, number in MISLABELLED}
        right = [sample.name not in wrong for sample in self.samples]
        kept = [sample for sample, keep in zip(self.samples, right, strict=True) if keep]
        named = [replace(one, identity=ONE_PERSON.get(one.identity, one.identity)) for one in kept]
        return Faces(named, self.rows[np.array(right)])

    def adults(self) -> Faces:
        inside = [sample.age is not None and sample.age[0] >= ADULT for sample in self.samples]
        chosen = [sample for sample, kept in zip(self.samples, inside, strict=True) if kept]
        return Faces(chosen, self.rows[np.array(inside)])

    def by(self, column: str) -> list[tuple[str, np.ndarray]]:
        values = np.array([sample.groups.get(column, "") for sample in self.samples])
        return [(value, values == value) for value in sorted(set(values.tolist()), key=_order) if value]


def _order(group: str) -> tuple[int, str]:
    return AGES.index(group) if group in AGES else 0, group


def embed(
    folder: Path, identities: Identities, pack: InstalledPack, cache: Path, people: set[str] | None = None
) -> Faces:
    """The embeddings of a folder, or of some people in it. They are kept by what has made them."""
    samples = read_dataset(folder, identities=identities).samples
    samples = tuple(sample for sample in samples if people is None or sample.identity in people)
    file = cache / f"{folder.name}-{_fingerprint(pack)}.npz"
    if not file.exists():
        one_thread_each()
        recognizer = Recognizer(FaceAnalyzer(SessionPool(pack.paths())), MODEL)

        def report(done: int) -> None:
            if done % 100 == 0 or done == len(samples):
                print(f"\r{folder.name}: {done:,} of {len(samples):,}", end="", file=sys.stderr, flush=True)

        seen = observe_faces(samples, recognizer, _load, main=Main.MIDDLE, workers=2, report=report)
        print(file=sys.stderr)
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(file, names=[seen.sample.name for seen in seen.faces], rows=seen.rows)
    with np.load(file) as kept:
        found = dict(zip(kept["names"].tolist(), kept["rows"], strict=True))
    there = [sample for sample in samples if sample.name in found]
    return Faces(there, np.array([found[sample.name] for sample in there], np.float32))


def _load(file: Path) -> vision_image.Image:
    return vision_image.decode_image(file.read_bytes())


def _fingerprint(pack: InstalledPack) -> str:
    """Of the code and the weights that embeddings depend on."""
    digest = hashlib.sha256()
    for file in sorted((ROOT / "src" / "regard" / "vision").rglob("*")):
        if file.suffix in (".py", ".npz") and file.name not in NOT_IDENTITY and file.parent.name != "heads":
            digest.update(file.read_bytes())
    for name in (*FaceAnalyzer.networks, *MODEL.networks):
        digest.update(pack.files[name].sha256.encode())
    return digest.hexdigest()[:16]


def measure(data: Path, cache: Path) -> ModelCard:
    pack = install(find_pack(PACK))
    people = {key[0] for pair in listed_pairs(data / "lfw") for key in pair}
    lfw = embed(data / "lfw", Identities.AUTO, pack, cache, people).merged()
    pairs = lfw.pairs()
    rates = rates_at(pairs, MODEL.curve, THRESHOLDS)
    by_gender = groups_of(pairs, lfw.by("gender"), MODEL.curve, SEARCHED)
    tables = [GroupTable("gender", "the same people", by_gender)]
    for name, title in (("fairface", "FairFace"), ("utkface", "UTKFace")):
        faces = embed(data / name, Identities.FILE, pack, cache)
        adults = faces.adults()
        tables += [
            GroupTable(
                column,
                f"{title}, {len(those.samples):,} pictures{which}, each taken for another person",
                groups_of(those.pairs(), those.by(column), MODEL.curve, LOOSE),
            )
            for column, those, which in (("race", adults, " of adults"), ("age", faces, ""))
        ]
    notes = tomllib.loads((Path(__file__).parent / "card.toml").read_text("utf-8"))
    return ModelCard(
        pack=PACK,
        model=MODEL.version,
        data="LFW, the people of development folds 1–3",
        pictures=len(lfw.samples),
        people=pairs.person_count,
        pairs=pairs.person_pairs,
        rates=rates,
        groups=tuple(tables),
        galleries=galleries_of(rates),
        method=METHOD,
        attributes=tuple(row for row in head_metrics() if row.metric in HEADLINES),
        training=(*(Training(**one) for one in notes["training"]), *head_trainings()),
        limits=tuple(notes["limits"]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "data", type=Path, help="folder with lfw, fairface and utkface, each with a labels.csv"
    )
    parser.add_argument(
        "--cache", type=Path, required=True, help="folder for the embeddings; none of the repository"
    )
    card = f"src/regard/packs/cards/{PACK}-{MODEL.version}.json"
    parser.add_argument("--out", type=Path, default=ROOT / card)
    options = parser.parse_args()
    card = measure(options.data, options.cache)
    options.out.write_text(ModelCard.parse(card.dump()).dump(), "utf-8")
    print(f"{options.out} is written.")


if __name__ == "__main__":
    main()
