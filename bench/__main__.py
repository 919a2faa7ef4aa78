"""Measures speed, memory and accuracy: `python -m bench [--only NAME …] [OPTIONS]`.

Without --only, what needs no data of one's own. `--list` says what there is; `--only NAME --help`
what options a measurement has.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from bench.measurement import Measurement, add_common_options, run

MEASUREMENTS: Mapping[str, Measurement] = {
    "faces": Measurement("faces"),
    "attributes": Measurement("attributes"),
    "images": Measurement("images"),
    "analysis": Measurement("analysis"),
    "memory": Measurement("memory"),
    "overhead": Measurement("overhead"),
    "wire": Measurement("wire", ("against",)),
    "enrolment": Measurement("enrolment"),
    "load": Measurement("load", by_name=True),
    "video": Measurement("video"),
    "ray": Measurement("ray", by_name=True),
    "streams": Measurement("streams", by_name=True),
    "custom-labels": Measurement("custom_labels", by_name=True),
    "search": Measurement("search", by_name=True),
    "search-sides": Measurement("search_sides", by_name=True),
    "alerts": Measurement("alerts", by_name=True),
    "governance": Measurement("governance", by_name=True),
    "console": Measurement("console", by_name=True),
    "detection": Measurement("face_detection", ("data",)),
    "rolls": Measurement("face_rolls", ("data",)),
    "text": Measurement("text", ("data",)),
    "segments": Measurement("segments", ("data",)),
    "tracking": Measurement("tracking", ("data", "cache")),
    "face-tracks": Measurement("face_tracks", ("data", "cache")),
}


def main(arguments: Sequence[str] | None = None) -> None:
    asked = argparse.ArgumentParser(add_help=False)
    _add_choice(asked)
    only = asked.parse_known_args(arguments)[0].only or ()
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="say what can be measured")
    _add_choice(parser)
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    add_common_options(parser)
    for name in only:
        module = MEASUREMENTS[name].load()
        if hasattr(module, "add_options"):
            module.add_options(parser)
    chosen = parser.parse_args(arguments)
    if chosen.list:
        for name, measurement in MEASUREMENTS.items():
            needs = "".join(f" --{option} …" for option in measurement.needs)
            print(f"{name + needs:32}{measurement.says}")
        return
    everything = [name for name, one in MEASUREMENTS.items() if not (one.needs or one.by_name)]
    for name in only or everything:
        for option in MEASUREMENTS[name].needs:
            if getattr(chosen, option) is None:
                parser.error(f"{name} needs --{option}")
        run(name, MEASUREMENTS[name].load().run(chosen), markdown=chosen.markdown)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, metavar="NAME", help="measure these")


if __name__ == "__main__":
    main()
