"""Face models: all that belongs to one version of the embedding, in one place.

Vectors of two versions don't compare. A collection has those of the version that made it, and what a request
needs of a model it finds by that version. The models of a process stand side by side: what two of them need
of one picture is found once (`vision/faces/descriptors.py`), and none is loaded before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from types import MappingProxyType

from regard.collections.similarity import SimilarityCurve
from regard.collections.user_vector import UserVectors
from regard.errors import InvalidParameterException, RegardError
from regard.vision.faces.embedding import DlibFaceResEmbedder, FaceEmbedder, MobileFaceNetDlibEmbedder
from regard.vision.same_person import AppearanceModel


@dataclass(frozen=True, eq=False)
class FaceModel:
    """One version of the embedding.

    `version` is the FaceModelVersion of collections; `dimension` is how many numbers a vector has. `curve`
    says what a distance means. `appearance` says how sure it is that two faces of one video are of one
    person, by the cosine of their deviations from the average face; `alike_frames`, 0 to 1, how much of what
    a photo adds to a face is the same in all frames of a track. `networks` are those that its embedder asks
    about a face; `load_embedder` makes that one, and `load_user_vectors` the rule by which faces become a
    user's vector, both from constants. A model that only old collections have has neither any more: their
    vectors still compare.
    """

    version: str
    dimension: int
    curve: SimilarityCurve
    appearance: AppearanceModel
    alike_frames: float
    load_user_vectors: Callable[[], UserVectors] | None = None
    load_embedder: Callable[[], FaceEmbedder] | None = None
    networks: tuple[str, ...] = ()

    @cached_property
    def embedder(self) -> FaceEmbedder:
        """Raises InvalidParameterException where this version of Regard makes no such vectors any more."""
        if self.load_embedder is None:
            raise self._retired()
        return self.load_embedder()

    @cached_property
    def user_vectors(self) -> UserVectors:
        """How faces become a user's vector. Raises as `embedder` does."""
        if self.load_user_vectors is None:
            raise self._retired()
        return self.load_user_vectors()

    @property
    def is_retired(self) -> bool:
        """Whether it makes no vectors any more."""
        return self.load_embedder is None

    def _retired(self) -> InvalidParameterException:
        return InvalidParameterException(
            f"This version of Regard makes no vectors by face model {self.version} any more, with which the "
            "collection was made; enrol its photos anew."
        )


_IN_VIDEO = AppearanceModel(middle=0.55, slope=15.0, max_evidence=4.0, known_again=2.0)

FACE_MODELS: Mapping[str, FaceModel] = MappingProxyType(
    {
        model.version: model
        for model in (
            FaceModel(
                version="1.0",
                dimension=384,
                curve=SimilarityCurve(0.5988, 17.28),
                appearance=_IN_VIDEO,
                alike_frames=0.6,
            ),
            FaceModel(
                version="2.0",
                dimension=384,
                curve=SimilarityCurve(0.5237, 24.60),
                appearance=_IN_VIDEO,
                alike_frames=0.6,
                load_user_vectors=partial(UserVectors.load, "2.0"),
                load_embedder=DlibFaceResEmbedder,
                networks=DlibFaceResEmbedder.networks,
            ),
            FaceModel(
                version="3.0",
                dimension=128,
                curve=SimilarityCurve(1.0613, 22.06),
                appearance=_IN_VIDEO,
                alike_frames=0.6,
                load_user_vectors=partial(UserVectors.load, "3.0"),
                load_embedder=MobileFaceNetDlibEmbedder,
                networks=MobileFaceNetDlibEmbedder.networks,
            ),
        )
    }
)
"""Those that there are by version, the newest last."""


class FaceModels:
    """The face models of a process, and which of them new collections have. Safe to share by threads."""

    def __init__(self, models: Mapping[str, FaceModel] = FACE_MODELS, default: str | None = None) -> None:
        """`models` by version, the newest last; `default` is the version of new collections, the newest when
        None. Raises RegardError for a version that no vectors can be made by.
        """
        self._models = dict(models)
        usable = [model.version for model in models.values() if not model.is_retired]
        if default is not None and default not in usable:
            raise RegardError(f"REGARD_FACE_MODEL must be one of {', '.join(usable)}, not {default!r}.")
        self.default = self._models[default or usable[-1]]

    @property
    def versions(self) -> tuple[str, ...]:
        """Those that vectors can be made by, the newest last."""
        return tuple(model.version for model in self._models.values() if not model.is_retired)

    def find(self, version: str) -> FaceModel | None:
        """The model of that version, or None where this version of Regard doesn't know it."""
        return self._models.get(version)

    def of(self, version: str) -> FaceModel:
        """The model of that version. Raises InvalidParameterException where there is none here."""
        model = self._models.get(version)
        if model is None:
            raise InvalidParameterException(
                f"The vectors were made by face model {version}, which this version of Regard doesn't know; "
                f"it knows {', '.join(self._models)}."
            )
        return model
