"""What sees pictures: the models, the runtime, what Confidence of liveness rests on."""

from __future__ import annotations

from collections.abc import Iterator

from regard.doctor.symptom import Patient, Symptom, fault, ok, warning
from regard.liveness.cards import card_in_force, try_recapture
from regard.packs.install import InstalledPack, install_command
from regard.packs.manifest import MissingPackError, PackError
from regard.vision.session import PROVIDERS, available_providers


def examine_models(patient: Patient) -> Iterator[Symptom]:
    """Whether the networks are there, and what they should be."""
    name, folder = patient.settings.pack, patient.settings.models
    try:
        pack = InstalledPack.load(name, folder)
        if not patient.quick:
            pack.paths()
    except MissingPackError as error:
        yield fault("models", str(error), f"{install_command(name)}")
        return
    except PackError as error:
        yield fault("models", str(error), f"Install it again: `{install_command(name)}`.")
        return
    how = "by their sizes" if patient.quick else "by their SHA-256"
    yield ok("models", f"The {len(pack.files)} models of {pack.name} are what they should be, {how}.")


def examine_runtime(patient: Patient) -> Iterator[Symptom]:
    """Which execution providers ONNX Runtime has, and which of them are used."""
    there = available_providers()
    used = [name for name in PROVIDERS if name in there]
    if not used:
        yield fault(
            "runtime",
            f"ONNX Runtime has none of {', '.join(PROVIDERS)}; it has {', '.join(there)}.",
            "Install the package onnxruntime again.",
        )
        return
    threads = patient.settings.worker_count
    yield ok(
        "runtime",
        f"{', '.join(used)} is used, by {threads} threads; ONNX Runtime has {', '.join(there)}.",
    )


def examine_liveness(patient: Patient) -> Iterator[Symptom]:
    """What Confidence rests on, and whether a site's own network is what its description says."""
    try_recapture(patient.settings)
    chosen = card_in_force(patient.settings)
    if chosen.card is None:
        yield warning("liveness", chosen.basis, "docs/liveness.md says what that means.")
    else:
        yield ok("liveness", chosen.basis)
