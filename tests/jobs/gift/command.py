from typing import Annotated

import typer

from jobs.desk import Desk
from shared.records.creation import Creation
from shared.records.documents import Source


def run_gift(
    context: typer.Context,
    creation_id: Annotated[str, typer.Argument(help="Who gets it.")],
    wish: Annotated[str, typer.Option(help="What is wished for.")],
) -> None:
    desk: Desk = context.obj

    def bring(creation: Creation) -> None:
        creation.bring_bytes(wish.encode(), "assets/wish.txt")

    source = Source(product=wish)
    desk.make("gift", creation_id, source, bring, again=f"{creation_id} …", replace=False, verbose=False)
