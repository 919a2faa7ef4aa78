"""The vector of a user: one point for all the faces of one person, searched as a face is.

The mean of n faces of a person lies nearer to everybody than a face does, since what changes from photo to
photo cancels out: strangers would come within a threshold the more often, the more photos a user has. So the
mean is moved away from the average face, by the factor that keeps its spread among people that of single
faces, 1 / sqrt(1 - share + share / n). `share` is the part of a face's squared distance from the average face
that is the photo's rather than the person's. The vector of a user with one face is that face's, and a
similarity means the same false match rate for faces and for users of any number of faces.
training/fit_user_vectors.py makes both constants; docs/accuracy.md holds what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from regard.collections.similarity import SimilarityCurve


@dataclass(frozen=True, slots=True, eq=False)
class UserVectors:
    """How faces become a user's vector: the `average` face (dimension,), and `share`, from 0 to below 1.

    Both belong to one version of the embedding.
    """

    average: NDArray[np.float32]
    share: float

    @classmethod
    def load(cls, version: str) -> UserVectors:
        """Those fitted to a version of the embedding, from `user_vectors/VERSION.npz`."""
        with files("regard.collections").joinpath("user_vectors", f"{version}.npz").open("rb") as file:
            constants = np.load(file, allow_pickle=False)
            return cls(constants["average"].astype(np.float32), float(constants["share"]))

    def of(self, faces: NDArray[np.float32]) -> NDArray[np.float32]:
        """One person's embeddings (n, dimension), n > 0, to the user's vector float32 (dimension,)."""
        return self.of_sum(np.asarray(faces, np.float64).sum(0), len(faces))

    def of_sum(self, total: NDArray[np.float64], count: int) -> NDArray[np.float32]:
        """The same from the sum of `count` embeddings, float64 (dimension,)."""
        stretch = 1 / np.sqrt(1 - self.share + self.share / count)
        return np.asarray(self.average + stretch * (total / count - self.average), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class JoiningFaces:
    """Which of a request's faces join a user, in the order they did, and the similarity of all to the result.

    `similarities` is float64 (k,), in percent.
    """

    joined: tuple[int, ...]
    similarities: NDArray[np.float64]


def admit(
    vectors: UserVectors,
    curve: SimilarityCurve,
    held: NDArray[np.float32],
    new: NDArray[np.float32],
    *,
    threshold: float,
    room: int,
) -> JoiningFaces:
    """Lets faces `new` (k, dimension) join a user of faces `held` (n, dimension), the most similar first.

    A face joins when it reaches `threshold`, in percent, with the vector that the user has by then; at most
    `room` join. `vectors` and `curve` are those of the faces' model. A user without faces begins with the one
    that most of the others resemble. So the order in which a request names its faces makes no difference,
    and of many photos of one person and a few of others it is those few that are left.
    """
    joined: list[int] = []
    waiting = list(range(len(new)))
    total, count = held.sum(0, dtype=np.float64), len(held)
    best = _central(new, curve, threshold) if len(new) and not count else None
    alike = np.zeros(len(new))
    while True:
        if best is not None:
            joined.append(best)
            waiting.remove(best)
            total, count = total + new[best], count + 1
        if not count:
            break
        alike = curve.similarity(np.linalg.norm(new - vectors.of_sum(total, count), axis=1))
        best = max(waiting, key=lambda n: alike[n], default=None)
        if best is None or len(joined) == room or alike[best] < threshold:
            break
    return JoiningFaces(tuple(joined), alike)


def _central(faces: NDArray[np.float32], curve: SimilarityCurve, threshold: float) -> int:
    """The face that most others resemble; of several, the one with the least sum of distances."""
    apart = np.linalg.norm(faces[:, None] - faces[None], axis=2)
    resembling = (curve.similarity(apart) >= threshold).sum(1)
    return int(np.lexsort((np.arange(len(faces)), apart.sum(1), -resembling))[0])
