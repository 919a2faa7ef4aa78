"""The steps of `make accuracy`: the commands behind docs/accuracy.md, and what each depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from regard.collections.face_models import FACE_MODELS, FaceModels
from regard.vision.custom.embedding import PictureFeatures
from regard.vision.faces.blazeface import BlazeFace
from regard.vision.faces.describer import FaceDescriber
from regard.vision.faces.mtcnn import Mtcnn
from regard.vision.features import NETWORK
from regard.vision.labels.classes import PictureClassifier
from regard.vision.labels.objects import ObjectDetector
from regard.vision.nudity import NudityDetector
from regard.vision.protective.equipment import EquipmentReader
from regard.vision.text import TextAnalyzer
from training.digests import Needs


@dataclass(frozen=True)
class Step:
    """A command: its words, in which {data} stands for the folder of the data, the name of each of
    INTERMEDIATES and PLAIN for its folder, and {own} for one of the step's own.

    `title`: of its tables in docs/measured.md; without one it has none there. `writes`: files of the
    repository. A step without `needs` is run every time.
    """

    title: str
    words: tuple[str, ...]
    needs: Needs | None = None
    writes: tuple[str, ...] = ()


VERSION = FaceModels().default.version
_MODEL = ("--model", VERSION)
_FACES = "src/regard/vision/faces"
_LABELS = "src/regard/vision/labels"
_CUSTOM = "src/regard/vision/custom"
_HEADS = f"{_FACES}/heads"
_WORN = "src/regard/vision/protective"
_CERTAINTY = (f"{_FACES}/certainty.npz",)
_EMBEDDING = (f"{_FACES}/embeddings/{VERSION}.npz",)
_TAXONOMY = ("src/regard/vision/taxonomy/*.*v", "src/regard/vision/taxonomy/labels.toml")
_PICTURES = (
    *("coco", "custom", "deepface_tests", "dlib", "facemask", "fairface", "hardhat", "lfw", "scenes", "text"),
    *("utkface", "wider"),
)
_DETECTION = "regard.vision.faces.analyzer"  # through it comes all that finds faces

FINDING = Needs((), networks=(*Mtcnn.networks, *BlazeFace.networks, NETWORK), files=_CERTAINTY)
DESCRIBING = replace(FINDING, networks=(*FINDING.networks, *FaceDescriber.networks))
IDENTITY = replace(
    FINDING,
    networks=(*FINDING.networks, *FACE_MODELS[VERSION].networks),
    files=(*_CERTAINTY, *_EMBEDDING),
    aside=("regard.vision.faces.describer",),
)


def _finding(code: str, *data: str) -> Needs:
    """Of what finds faces, and asks nothing else about them."""
    return replace(FINDING, code=(code,), data=data)


INTERMEDIATES: Mapping[str, Needs] = {
    "finds": replace(
        FINDING,
        code=("training.certainty_finds",),
        files=("training/labels/with_people.csv",),
        data=(*_PICTURES, "fer2013"),
    ),
    "faces": replace(
        DESCRIBING,
        code=("training.facesets",),
        data=("fairface", "utkface", "fer2013", "lfw", "facemask"),
    ),
    "vectors": replace(IDENTITY, code=("training.lfw", "regard.vision.faces.embedding"), data=("lfw",)),
    "compared": replace(IDENTITY, code=("training.embedding_variants",), data=("lfw", "fairface")),
    "labels": Needs(
        ("training.label_sets", "training.class_sets"),
        networks=(*ObjectDetector.networks, *PictureClassifier.networks),
        data=_PICTURES,
        aside=("training.label_packages",),  # which only fetches
    ),
    "custom": Needs(
        ("training.custom_sets",),
        networks=(*PictureFeatures.networks, *PictureClassifier.networks),
        data=_PICTURES,
        aside=("training.label_packages",),
    ),
    "worn": Needs(
        ("training.protective_chips",),
        networks=EquipmentReader.networks,
        data=("hardhat", "coco", "facemask", "lfw", "fairface"),
        aside=(_DETECTION,),
    ),
    "worn_faces": replace(FINDING, code=("training.protective_faces",), data=("lfw", "fairface")),
}
PLAIN = ("packages", "embedded")
"""Folders whose content no digest need name: of pictures that are fetched, and whose files have digests."""

_LABEL_FILES = ("training/labels/coco_scenes.csv", "training/labels/classes.csv", *_TAXONOMY)


def _labels(code: str, *files: str) -> Needs:
    return replace(INTERMEDIATES["labels"], code=(code,), files=(*_LABEL_FILES, *files))


def _attributes(code: str, *labels: str) -> Needs:
    files = (*_CERTAINTY, f"{_FACES}/mean_face.npz", *(f"training/labels/{name}.csv" for name in labels))
    return replace(INTERMEDIATES["faces"], code=(code,), files=files)


def _module(name: str, *words: str) -> tuple[str, ...]:
    return ("-m", name, *words)


def _bench(name: str) -> tuple[str, ...]:
    return ("-m", "bench", "--only", name, "--data", "{data}", "--markdown")


STEPS: Mapping[str, Step] = {
    "confidence": Step(
        "Confidence of MTCNN's finds",
        _module("training.fit_confidence", "{data}"),
        Needs(
            ("training.fit_confidence",),
            networks=(*Mtcnn.networks, *BlazeFace.networks),
            data=("dlib", "wider", "scenes", "coco"),
        ),
    ),
    "certainty": Step(
        "Confidence of a find",
        _module("training.fit_certainty", "{data}", "--cache", "{finds}", "--out", "{own}/certainty.npz"),
        replace(INTERMEDIATES["finds"], code=("training.fit_certainty",)),
    ),
    "detection": Step(
        "Finding faces",
        _bench("detection"),
        _finding(
            "bench.face_detection",
            *("dlib", "wider", "facemask", "hardhat", "fer2013", "utkface", "fairface", "scenes", "coco"),
        ),
    ),
    "rolls": Step(
        "Which way up faces are",
        _bench("rolls"),
        _finding("bench.face_rolls", "lfw", "fairface", "utkface"),
    ),
    "geometry": Step(
        "Landmarks and pose",
        _module("training.measure_geometry", "{data}"),
        replace(
            DESCRIBING,
            code=("training.measure_geometry",),
            files=(*_CERTAINTY, f"{_FACES}/mean_face.npz", "training/labels/fairface_pose.csv"),
            data=("dlib", "fairface"),
        ),
    ),
    "embedding": Step(
        "",
        _module("training.fit_embedding", "{data}/fairface", *_MODEL, "--out", "{own}/embedding.npz"),
        replace(IDENTITY, code=("training.fit_embedding",), files=_CERTAINTY, data=("fairface",)),
    ),
    "similarity": Step(
        "Telling people apart",
        _module("training.fit_similarity", "{data}/lfw", *_MODEL, "--embeddings", "{vectors}/lfw.npz"),
        replace(IDENTITY, code=("training.fit_similarity",), data=("lfw",)),
    ),
    "embeddings": Step(
        "What each part of the embedding gains",
        _module("training.compare_embeddings", "{data}", *_MODEL, "--features", "{compared}/descriptors.npz"),
        replace(IDENTITY, code=("training.compare_embeddings",), data=("lfw", "fairface")),
    ),
    "users": Step(
        "Users",
        _module("training.fit_user_vectors", "{data}/lfw", *_MODEL, "--embeddings", "{vectors}/lfw.npz"),
        replace(IDENTITY, code=("training.fit_user_vectors",), data=("lfw",)),
        writes=(f"src/regard/collections/user_vectors/{VERSION}.npz",),
    ),
    "appearance": Step(
        "",
        _module("training.fit_appearance", "{data}", "--cache", "{faces}", "--own", "{own}"),
        _attributes("training.fit_appearance", "fairface", "lfw"),
        writes=(f"{_HEADS}/appearance.npz", f"{_HEADS}/appearance.json"),
    ),
    "age_gender": Step(
        "",
        _module("training.fit_age_gender", "{data}", "--cache", "{faces}"),
        _attributes("training.fit_age_gender"),
        writes=(f"{_HEADS}/age_gender.npz", f"{_HEADS}/age_gender.json"),
    ),
    "expression": Step(
        "",
        _module("training.fit_expression", "{data}", "--cache", "{faces}", "--own", "{own}"),
        _attributes("training.fit_expression"),
        writes=(f"{_HEADS}/expression.npz", f"{_HEADS}/expression.json"),
    ),
    "labels": Step(
        "",
        _module("training.fit_labels", "{data}", "--cache", "{labels}"),
        _labels("training.fit_labels"),
        writes=(f"{_LABELS}/objects.json", f"{_LABELS}/scenes.npz", f"{_LABELS}/scenes.json"),
    ),
    "classes": Step(
        "",
        _module("training.fit_classes", "{data}", "--cache", "{labels}", "--packages", "{packages}"),
        _labels("training.fit_classes", f"{_LABELS}/objects.json"),
        writes=(f"{_LABELS}/classes.json",),
    ),
    "surroundings": Step(
        "",
        _module("training.fit_surroundings", "{data}", "--cache", "{labels}"),
        _labels("training.fit_surroundings", f"{_LABELS}/objects.json"),
        writes=(f"{_LABELS}/surroundings.json",),
    ),
    "none_of_these": Step(
        "",
        _module("training.fit_none_of_these", "{data}", "--cache", "{custom}", "--packages", "{packages}"),
        replace(INTERMEDIATES["custom"], code=("training.fit_none_of_these",)),
        writes=(f"{_CUSTOM}/none_of_these.npz", f"{_CUSTOM}/none_of_these.json"),
    ),
    "custom_labels": Step(
        "Custom labels",
        _module(
            "training.measure_custom_labels", "{data}", "--cache", "{custom}", "--packages", "{packages}"
        ),
        replace(INTERMEDIATES["custom"], code=("training.measure_custom_labels",)),
    ),
    "custom_boxes": Step(
        "Custom labels: boxes",
        _module("training.measure_custom_boxes", "{data}"),
        Needs(
            ("training.measure_custom_boxes",),
            networks=ObjectDetector.networks,
            data=("custom/raccoon", "custom/kangaroo", "custom/bccd", "custom/neu"),
        ),
    ),
    "protective": Step(
        "",
        _module("training.fit_protective", "{data}", "--cache", "{worn}", "--faces", "{worn_faces}"),
        replace(
            INTERMEDIATES["worn_faces"],
            code=("training.fit_protective",),
            networks=(*FINDING.networks, *EquipmentReader.networks),
            files=(*_CERTAINTY, "training/labels/protective_*.csv"),
            data=INTERMEDIATES["worn"].data,
        ),
        writes=tuple(
            f"{_WORN}/{name}"
            for name in (
                *("head.npz", "head.json", "face.npz", "face.json", "hand.npz", "hand.json"),
                *("glove.json", "bare.json"),
            )
        ),
    ),
    "moderation": Step(
        "Moderation of ordinary pictures",
        _module("training.measure_moderation", "{data}"),
        Needs(
            ("training.measure_moderation",),
            networks=(*NudityDetector.networks, *FINDING.networks),
            files=_CERTAINTY,
            data=_PICTURES,
        ),
    ),
    "text": Step(
        "Text", _bench("text"), Needs(("bench.text",), networks=TextAnalyzer.networks, data=("text",))
    ),
    "card": Step(
        "",
        _module("training.make_card", "{data}", *_MODEL, "--cache", "{embedded}"),
        replace(
            IDENTITY,
            code=("training.make_card",),
            files=(*IDENTITY.files, f"{_HEADS}/*.json", "training/card.toml"),
            data=("lfw", "fairface", "utkface"),
        ),
        writes=(f"src/regard/packs/cards/default-{VERSION}.json",),
    ),
    "tables": Step("", ("docs/generate.py",)),
}
