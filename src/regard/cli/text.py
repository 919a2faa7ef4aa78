"""`regard text`: what is written in a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column

from regard.cli.local import AsJson, DataFolder, local_gate, read_picture
from regard.cli.printing import add_row, print_json, print_table, say, table
from regard.presentation.drawing import Mark, draw
from regard.presentation.wording import count

Drawing = Annotated[Path | None, typer.Option("--draw", help="Write the picture with the words marked.")]


def text(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    drawing: Drawing = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Read the text of a photo."""
    picture = read_picture(photo)
    with local_gate(data) as gate:
        answer = gate.call("detect_text", Image={"Bytes": picture})
    found = answer["TextDetections"]
    lines, words = ([one for one in found if one["Type"] == kind] for kind in ("LINE", "WORD"))
    if drawing:
        places = [(word["DetectedText"], word["Geometry"]) for word in words]
        draw(
            picture,
            [Mark(place["BoundingBox"], caption, outline=place["Polygon"]) for caption, place in places],
            drawing,
        )
    if as_json:
        print_json(answer)
        return
    rows = table(*(Column(header, no_wrap=True) for header in ("#", "Confidence", "Left  Top")), "Text")
    for line in lines:
        box = line["Geometry"]["BoundingBox"]
        place = f"{box['Left']:.3f} {box['Top']:.3f}"
        add_row(rows, (str(line["Id"] + 1), f"{line['Confidence']:.2f} %", place, line["DetectedText"]))
    print_table(rows)
    summary = f"{count(len(words), 'word')} in {count(len(lines), 'line')} in {photo.name}"
    say(summary + (f"; drawn in {drawing}" if drawing else ""))
