"""Measure the default pack's model card and write it to src/regard/packs/cards/default-VERSION.json.

    python -m training.make_card ../shared/data --model 3.0 --cache CACHE

The identity part is of the people in `lfw/pairs_dev_folds1-3.txt`: every pair of pictures, each pair of
people weighing the same. By group: the same people by gender; FairFace and UTKFace by race and age, whose
pictures are taken to be of different people each, so that only false matches are measured there. Of both some
pictures are drawn, none of those that training/fit_embedding.py has drawn from FairFace. Embeddings are kept
in CACHE, by what made them: the code of regard.vision and the weights. Rates that fewer than ten
pairs of people show are extrapolated (regard.evaluation.tail). What is not measured here comes from
training/card.toml.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from regard.collections.face_models import FACE_MODELS, FaceModel, FaceModels
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
FITTED = 3000  # of FairFace's pictures, which the embedding was fitted on
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
    """Pictures in which a face was found, with their embeddings by a model."""

    samples: list[Sample]
    rows: np.ndarray
    model: FaceModel

    def pairs(self) -> Pairs:
        return all_pairs(
            self.rows,
            [sample.identity for sample in self.samples],
            radius=self.model.curve.distance_at(min(THRESHOLDS)),
            share=2e-3,
        )

    def merged(self) -> Faces:
        """Without the pictures that LFW has under a wrong name, and one name for people who have two."""
        wrong = {f"{name}/{name}_{number:04}.jpg" for name, number in MISLABELLED}
        right = [sample.name not in wrong for sample in self.samples]
        kept = [sample for sample, keep in zip(self.samples, right, strict=True) if keep]
        named = [replace(one, identity=ONE_PERSON.get(one.identity, one.identity)) for one in kept]
        return Faces(named, self.rows[np.array(right)], self.model)

    def adults(self) -> Faces:
        inside = [sample.age is not None and sample.age[0] >= ADULT for sample in self.samples]
        chosen = [sample for sample, kept in zip(self.samples, inside, strict=True) if kept]
        return Faces(chosen, self.rows[np.array(inside)], self.model)

    def by(self, column: str) -> list[tuple[str, np.ndarray]]:
        values = np.array([sample.groups.get(column, "") for sample in self.samples])
        return [(value, values == value) for value in sorted(set(values.tolist()), key=_order) if value]


def _order(group: str) -> tuple[int, str]:
    return AGES.index(group) if group in AGES else 0, group


def embed(samples: Sequence[Sample], name: str, pack: InstalledPack, model: FaceModel, cache: Path) -> Faces:
    """The embeddings of pictures. They are kept by what has made them and by what they are of."""
    file = cache / f"{name}-{_fingerprint(pack, model, samples)}.npz"
    if not file.exists():
        one_thread_each()
        recognizer = Recognizer(FaceAnalyzer(SessionPool(pack.paths())), model)

        def report(done: int) -> None:
            if done % 100 == 0 or done == len(samples):
                print(f"\r{name}: {done:,} of {len(samples):,}", end="", file=sys.stderr, flush=True)

        seen = observe_faces(samples, recognizer, _load, main=Main.MIDDLE, workers=2, report=report)
        print(file=sys.stderr)
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(file, names=[seen.sample.name for seen in seen.faces], rows=seen.rows)
    with np.load(file) as kept:
        found = dict(zip(kept["names"].tolist(), kept["rows"], strict=True))
    there = [sample for sample in samples if sample.name in found]
    return Faces(there, np.array([found[sample.name] for sample in there], np.float32), model)


def listed(folder: Path) -> tuple[Sample, ...]:
    """The pictures of LFW's development folds."""
    people = {key[0] for pair in listed_pairs(folder) for key in pair}
    samples = read_dataset(folder, identities=Identities.AUTO).samples
    return tuple(sample for sample in samples if sample.identity in people)


def drawn(folder: Path, count: int, *, behind: int = 0) -> tuple[Sample, ...]:
    """`count` pictures at random, `behind` those that another command has drawn in the same way."""
    samples = sorted(read_dataset(folder, identities=Identities.FILE).samples, key=lambda one: one.name)
    order = np.random.RandomState(0).permutation(len(samples))[behind : behind + count]
    return tuple(samples[place] for place in sorted(order.tolist()))


def _load(file: Path) -> vision_image.Image:
    return vision_image.decode_image(file.read_bytes())


def _fingerprint(pack: InstalledPack, model: FaceModel, samples: Sequence[Sample]) -> str:
    """Of the code and the weights that embeddings depend on, and of the pictures' names."""
    digest = hashlib.sha256("\n".join([model.version, *(sample.name for sample in samples)]).encode())
    for file in sorted((ROOT / "src" / "regard" / "vision").rglob("*")):
        if file.suffix in (".py", ".npz") and file.name not in NOT_IDENTITY and file.parent.name != "heads":
            digest.update(file.read_bytes())
    for name in (*FaceAnalyzer.networks, *model.networks):
        digest.update(pack.files[name].sha256.encode())
    return digest.hexdigest()[:16]


def measure(data: Path, cache: Path, model: FaceModel, count: int) -> ModelCard:
    pack = install(find_pack(PACK))
    lfw = embed(listed(data / "lfw"), "lfw", pack, model, cache).merged()
    pairs = lfw.pairs()
    rates = rates_at(pairs, model.curve, THRESHOLDS)
    by_gender = groups_of(pairs, lfw.by("gender"), model.curve, SEARCHED)
    tables = [GroupTable("gender", "the same people", by_gender)]
    for name, title in (("fairface", "FairFace"), ("utkface", "UTKFace")):
        samples = drawn(data / name, count, behind=FITTED if name == "fairface" else 0)
        faces = embed(samples, name, pack, model, cache)
        adults = faces.adults()
        tables += [
            GroupTable(
                column,
                f"{title}, {len(those.samples):,} pictures{which}, each taken for another person",
                groups_of(those.pairs(), those.by(column), model.curve, LOOSE),
            )
            for column, those, which in (("race", adults, " of adults"), ("age", faces, ""))
        ]
    notes = tomllib.loads((Path(__file__).parent / "card.toml").read_text("utf-8"))
    return ModelCard(
        pack=PACK,
        model=model.version,
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
    parser.add_argument("--model", choices=FACE_MODELS, default=FaceModels().default.version)
    parser.add_argument("--pictures", type=int, default=2000, help="of FairFace and of UTKFace, each")
    parser.add_argument("--out", type=Path, help="the model's own card where it isn't said")
    options = parser.parse_args()
    card = measure(options.data, options.cache, FACE_MODELS[options.model], options.pictures)
    out = options.out or ROOT / "src" / "regard" / "packs" / "cards" / f"{PACK}-{options.model}.json"
    out.write_text(ModelCard.parse(card.dump()).dump(), "utf-8")
    print(f"{out} is written.")


if __name__ == "__main__":
    main()
