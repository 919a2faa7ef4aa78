"""Fit the vector of a user with several faces, and measure what it gains, on the LFW development folds.

    python -m training.fit_user_vectors ../shared/data/lfw --model 3.0

A user's vector is the average face plus the mean of the user's own deviations from it, stretched by
1 / sqrt(1 - share + share / n). The average face is that of the people; `share` is fitted on users of 2, 3, 5
and 10 faces so that a stranger reaches 80 % of a user as often as of a single face. Writes both to
src/regard/collections/user_vectors/VERSION.npz. What it prints was fitted on one half of the people and
judged on the other, both ways. The pictures are those of training/fit_similarity.py, and `--embeddings` the
same file.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.collections.face_models import FACE_MODELS, FaceModels
from regard.collections.similarity import SimilarityCurve
from regard.collections.user_vector import UserVectors, admit
from training.lfw import embedded

CONSTANTS = Path(__file__).parent.parent / "src/regard/collections/user_vectors"
SIZES = (2, 3, 5, 10)
DRAWS = {2: 6, 3: 8, 5: 12, 10: 24}
SHARES = np.arange(0.0, 0.71, 0.01)
PERCENTS = (80.0, 95.0, 99.0)
FPIR = 0.01

Rule = Callable[[np.ndarray], np.ndarray]  # a user's faces (n, dimension) to vectors (m, dimension)


@dataclass(frozen=True)
class People:
    """Faces and whose they are."""

    rows: np.ndarray
    person: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        return np.bincount(self.person)

    def subset(self, chosen: np.ndarray) -> People:
        keep = np.isin(self.person, chosen)
        return People(self.rows[keep], np.unique(self.person[keep], return_inverse=True)[1])

    def enrolments(self, size: int, random: np.random.Generator) -> list[tuple[int, np.ndarray]]:
        """One user of `size` faces for everyone who has more than that: the person and the faces' places."""
        return [
            (int(person), random.permutation(np.flatnonzero(self.person == person))[:size])
            for person in np.flatnonzero(self.counts > size)
        ]


@dataclass
class Scores:
    """Weighted distances of faces from users who are somebody else, and from their own."""

    impostor: list[np.ndarray]
    impostor_weight: list[np.ndarray]
    genuine: list[np.ndarray]
    genuine_weight: list[np.ndarray]

    @classmethod
    def of(cls, people: People, rule: Rule, size: int, seed: int = 0) -> Scores:
        random, scores = np.random.default_rng(seed), cls([], [], [], [])
        weight = 1 / people.counts[people.person]
        for _ in range(DRAWS[size]):
            for person, places in people.enrolments(size, random):
                far = nearest(people.rows, rule(people.rows[places]))
                own = people.person == person
                left = own.copy()
                left[places] = False
                scores.impostor.append(far[~own])
                scores.impostor_weight.append(weight[~own])
                scores.genuine.append(far[left])
                scores.genuine_weight.append(np.full(left.sum(), 1 / left.sum()))
        return scores

    def rates(self, limits: list[float]) -> list[tuple[float, float]]:
        """False and true match rates at distances."""
        impostor, weight = np.concatenate(self.impostor), np.concatenate(self.impostor_weight)
        genuine, own = np.concatenate(self.genuine), np.concatenate(self.genuine_weight)
        return [
            (weight[impostor <= limit].sum() / weight.sum(), own[genuine <= limit].sum() / own.sum())
            for limit in limits
        ]

    def true_at(self, rate: float) -> float:
        """The true match rate at a false match rate."""
        impostor, weight = np.concatenate(self.impostor), np.concatenate(self.impostor_weight)
        order = np.argsort(impostor)
        share = np.cumsum(weight[order]) / weight.sum()
        return self.rates([float(impostor[order][np.searchsorted(share, rate)])])[0][1]


def nearest(probes: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Distances (probes,) to the nearest of a user's vectors."""
    squares = (probes**2).sum(1)[:, None] + (vectors**2).sum(1) - 2 * probes @ vectors.T
    return np.sqrt(np.maximum(squares, 0)).min(1)


def medoid(faces: np.ndarray) -> np.ndarray:
    apart = np.linalg.norm(faces[:, None] - faces[None], axis=2).sum(1)
    return faces[[apart.argmin()]]


def stretched(vectors: UserVectors) -> Rule:
    return lambda faces: vectors.of(faces)[None]


def average_face(people: People) -> np.ndarray:
    return np.mean([people.rows[people.person == one].mean(0) for one in range(len(people.counts))], 0)


def fit(people: People, curve: SimilarityCurve) -> UserVectors:
    """The average face, and the share that makes strangers as likely at 80 % as with a single face."""
    centre, limit = average_face(people), curve.distance_at(80.0)

    def strangers(rule: Rule) -> np.ndarray:
        """Logarithms of the false match rates of users of each size."""
        rates = [Scores.of(people, rule, size).rates([limit])[0][0] for size in SIZES]
        return np.log(np.maximum(rates, 1e-7))

    alone = strangers(lambda faces: faces[:1])

    def excess(share: float) -> float:
        return float((strangers(stretched(UserVectors(centre, share))) - alone).mean())

    low, high = 0, len(SHARES) - 1  # the excess falls as the share grows
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if excess(SHARES[middle]) > 0 else (low, middle)
    return UserVectors(centre, float(SHARES[high]))


def identification(
    people: People, rule: Rule, size: int, curve: SimilarityCurve
) -> tuple[float, float, list[tuple[float, float]]]:
    """Rank-1 rate; FNIR at an FPIR of 1 %; (FPIR, FNIR) at each of PERCENTS. Probes weigh 1 a person."""
    random = np.random.default_rng(1)
    best_unknown, unknown_weight, known = [], [], []
    for _ in range(DRAWS[size]):
        users = people.enrolments(size, random)
        names = np.array([person for person, _ in users])
        far = np.stack([nearest(people.rows, rule(people.rows[places])) for _, places in users], 1)
        outside = ~np.isin(people.person, names)
        best_unknown.append(far[outside].min(1))
        unknown_weight.append(1 / people.counts[people.person[outside]])
        for place, (person, places) in enumerate(users):
            probe = random.choice(np.setdiff1d(np.flatnonzero(people.person == person), places))
            known.append((far[probe, place], far[probe].argmin() == place))
    unknown, weight = np.concatenate(best_unknown), np.concatenate(unknown_weight)
    distance, first = np.array([d for d, _ in known]), np.array([f for _, f in known])
    order = np.argsort(unknown)
    share = np.cumsum(weight[order]) / weight.sum()
    limit = unknown[order][np.searchsorted(share, FPIR)]

    def fnir(bound: float) -> float:
        return float(1 - (first & (distance <= bound)).mean())

    bounds = [curve.distance_at(percent) for percent in PERCENTS]
    at = [(weight[unknown <= bound].sum() / weight.sum(), fnir(bound)) for bound in bounds]
    return float(first.mean()), fnir(limit), at


def association(folds: list[tuple[People, UserVectors]], curve: SimilarityCurve) -> None:
    """AssociateFaces with photos of a person and one of somebody else, at the default threshold."""
    print("\n| the user has | own faces in the request | of them joined | strangers that joined |")
    print("|---|---|---|---|")
    nobody = np.zeros((0, folds[0][0].rows.shape[1]), np.float32)
    for held, size in ((0, 2), (0, 3), (0, 5), (0, 10), (1, 1), (2, 1), (5, 1)):
        joined, strangers = [], []
        for people, fitted in folds:
            random = np.random.default_rng(3)
            for person, _ in people.enrolments(held + size - 1, random):
                own = random.permutation(np.flatnonzero(people.person == person))[: held + size]
                other = random.choice(np.flatnonzero(people.person != person))
                request = people.rows[np.append(own[held:], other)]
                before = people.rows[own[:held]] if held else nobody
                admitted = admit(fitted, curve, before, request, threshold=75, room=100).joined
                joined.append(len(set(admitted) - {size}) / size)
                strangers.append(size in admitted)
        print(f"| {held} faces | {size} | {np.mean(joined):.3f} | {sum(strangers)} of {len(strangers)} |")


def report(folds: list[tuple[People, UserVectors]], curve: SimilarityCurve) -> None:
    """Both halves, each judged with what the other half was fitted to; means of the two."""
    print("| faces | vector | TMR at FMR 1e-4 | 1e-5 | FMR at 80 % | 95 % | TMR at 80 % | 95 % | 99 % |")
    print("|---|---|---|---|---|---|---|---|---|")
    lines = []
    for size in SIZES:
        for name in ("one face", "nearest face", "mean", "medoid", "used"):
            verified, identified = [], []
            for people, fitted in folds:
                rule: Rule = {
                    "one face": lambda faces: faces[:1],
                    "nearest face": lambda faces: faces,
                    "mean": lambda faces: faces.mean(0)[None],
                    "medoid": medoid,
                    "used": stretched(fitted),
                }[name]
                scores = Scores.of(people, rule, size, seed=2)
                rates = scores.rates([curve.distance_at(percent) for percent in PERCENTS])
                verified.append(
                    [scores.true_at(1e-4), scores.true_at(1e-5), rates[0][0], rates[1][0]]
                    + [true for _, true in rates]
                )
                rank, fnir, at = identification(people, rule, size, curve)
                identified.append([rank, fnir] + [rate for pair in at for rate in pair])
            v, i = np.mean(verified, 0), np.mean(identified, 0)
            print(
                f"| {size} | {name} | {v[0]:.3f} | {v[1]:.3f} | {v[2]:.1e} | {v[3]:.1e} | "
                f"{v[4]:.3f} | {v[5]:.3f} | {v[6]:.3f} |",
                flush=True,
            )
            lines.append(f"| {size} | {name} | {i[0]:.3f} | " + " | ".join(f"{x:.3f}" for x in i[1:]) + " |")
    users = [[int((people.counts > size).sum()) for people, _ in folds] for size in SIZES]
    print(f"\nUsers in each half's gallery: {dict(zip(SIZES, users, strict=True))}")
    print("| faces | vector | rank 1 | FNIR at FPIR 1 % | FPIR, FNIR at 80 % | | 95 % | | 99 % | |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--embeddings", type=Path, help="keep the embeddings in this .npz, or take them from it"
    )
    parser.add_argument("--model", choices=FACE_MODELS, default=FaceModels().default.version)
    options = parser.parse_args()
    model = FACE_MODELS[options.model]
    faces, _ = embedded(options.folder, options.embeddings, model).split(options.folder)
    names, rows = faces.names, faces.rows
    everyone = People(rows, np.unique(names, return_inverse=True)[1])
    order = np.random.RandomState(0).permutation(len(everyone.counts))
    halves = [everyone.subset(half) for half in np.array_split(order, 2)]
    fits = [fit(half, model.curve) for half in halves]
    print(f"share, fitted on each half: {fits[0].share:.2f} and {fits[1].share:.2f}")
    folds = [(halves[0], fits[1]), (halves[1], fits[0])]
    association(folds, model.curve)
    report(folds, model.curve)
    final = fit(everyone, model.curve)
    print(f"\nshare, fitted on all: {final.share:.2f}")
    average, share = final.average.astype(np.float32), np.float32(final.share)
    np.savez(CONSTANTS / f"{model.version}.npz", average=average, share=share)


if __name__ == "__main__":
    main()
