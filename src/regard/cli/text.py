"""`regard text`: what is written in a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsJson, DataFolder, read_picture
from regard.cli.printing import print_json, print_table, say
from regard.presentation.drawing import draw
from regard.presentation.pictures.text import line_table, word_marks
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
        draw(picture, word_marks(words), drawing)
    if as_json:
        print_json(answer)
        return
    print_table(line_table(lines))
    summary = f"{count(len(words), 'word')} in {count(len(lines), 'line')} in {photo.name}"
    say(summary + (f"; drawn in {drawing}" if drawing else ""))
