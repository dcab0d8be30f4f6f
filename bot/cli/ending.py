"""How every call of the command line ends: with an exit code, and with a sentence where something failed."""

from collections.abc import Callable

import typer


def finish(work: Callable[[], int]) -> None:
    """Do the work and leave with its exit code; what a person can mend is a sentence, never a stack trace."""
    from bot.running import ANSWERED, FAILED, silence

    try:
        code = work()
    except BrokenPipeError:
        silence()
        code = ANSWERED
    except _what_a_person_can_mend() as failure:
        typer.echo(str(failure), err=True)
        code = getattr(failure, "exit_code", FAILED)
    raise typer.Exit(code)


def first_word(text: str) -> None:
    """Say something before anything that takes time."""
    try:
        typer.echo(text)
    except BrokenPipeError:
        from bot.running import silence

        silence()
        raise typer.Exit(0) from None


def _what_a_person_can_mend() -> tuple[type[Exception], ...]:
    """The errors whose message is a sentence; asked for only when something went wrong."""
    from bot.running import Refusal
    from bot.settings import Misconfigured
    from store.connection import StoreUnavailable
    from store.server import ValkeyFailed

    return Refusal, Misconfigured, StoreUnavailable, ValkeyFailed
