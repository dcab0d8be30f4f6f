"""Options that several calls take, with what each means."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Plain JSON, for scripts.")]
Files = Annotated[
    list[Path],
    typer.Option("--history", help="A recorded market (CSV or .csv.gz); once a file.", metavar="FILE"),
]
Only = Annotated[
    list[str],
    typer.Option(help="Only these parts: scheduler, delivery, telegram, discord; they share one store."),
]
Plain = Annotated[bool, typer.Option("--plain", help="Words alone: no colour, no bars, nothing drawn anew.")]
Language = Annotated[str, typer.Option(help="Such as es; without it the one /settings chose.")]
Asset = Annotated[str | None, typer.Option(help="The files' asset, where their names do not end in it.")]
