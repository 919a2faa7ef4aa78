"""From an archive's members to the bytes of one ONNX file, by the importer that the pack names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing onnx takes as long as everything else that the command line does
    import onnx

IMPORTERS: Mapping[str, tuple[str, ...]] = {
    "tfjs": ("topology", "weights"),
    "tflite": ("model",),
    "dlib-resnet": ("weights",),
    "mtcnn": ("pnet", "rnet", "onet"),
    "mobilenetv2": ("weights",),
    "efficientnet": ("weights",),
    "onnx": ("model",),
    "onnx-without-subnormals": ("model",),
}
"""The importers, each with the members that it needs. `onnx` copies its member as it is."""


def convert(
    importer: str, members: Mapping[str, bytes], part: str = "", taps: Mapping[str, str] | None = None
) -> bytes:
    """The ONNX file, the same bytes on every machine and with every version of the onnx package.

    Raises what the importers raise for weights that they don't know: ValueError or its subclasses, KeyError,
    EOFError, pickle.UnpicklingError or RuntimeError.
    """
    if importer == "onnx":
        return members["model"]
    if importer == "onnx-without-subnormals":
        from regard.packs.importers.subnormal import without_subnormals

        return without_subnormals(members["model"])
    return _seal(_model(importer, members, part, taps))


def _model(
    importer: str, members: Mapping[str, bytes], part: str, taps: Mapping[str, str] | None
) -> onnx.ModelProto:
    if importer == "tfjs":
        from regard.packs.importers.tfjs import import_tfjs

        return import_tfjs(members["topology"], members["weights"], taps)
    if importer == "tflite":
        from regard.packs.importers.tflite import import_tflite

        return import_tflite(members["model"])
    if importer == "dlib-resnet":
        from regard.packs.importers.dlib import import_resnet

        return import_resnet(members["weights"])
    if importer == "mtcnn":
        from regard.packs.importers.mtcnn import import_mtcnn

        return import_mtcnn(members)[part]
    if importer == "mobilenetv2":
        from regard.packs.importers.mobilenetv2 import import_mobilenetv2

        return import_mobilenetv2(members["weights"])
    if importer == "efficientnet":
        from regard.packs.importers.efficientnet import import_efficientnet

        return import_efficientnet(members["weights"])
    raise ValueError(f"there is no importer {importer!r}")


def _seal(model: onnx.ModelProto) -> bytes:
    model.producer_name = "regard"
    model.ClearField("producer_version")
    model.ClearField("doc_string")
    return bytes(model.SerializeToString(deterministic=True))
