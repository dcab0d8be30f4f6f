"""How OKX says no: HTTP statuses, and error codes (strings) inside of HTTP 200 and of others."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from scheduler.exchange import Trouble, Verdict
from scheduler.wire import words

_WENT_WELL = b'{"code":"0",'
_VERDICTS = {
    "50001": Verdict.RETRY,  # unavailable
    "50004": Verdict.RETRY,  # timeout
    "50011": Verdict.SLOW_DOWN,
    "50013": Verdict.RETRY,  # busy
    "50026": Verdict.RETRY,  # system error
    "50040": Verdict.SLOW_DOWN,
    "50061": Verdict.SLOW_DOWN,
}


class _Envelope(Struct):
    code: str
    msg: str = ""


_decode = msgspec.json.Decoder(_Envelope).decode


def trouble(status: int, headers: Mapping[str, str], body: bytes) -> Trouble | None:
    """A failed answer understood, None where it is none. Statuses without a code mean what they mean everywhere."""
    if status == 200 and body.startswith(_WENT_WELL):
        return None
    try:
        said = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Trouble(Verdict.RETRY, "no envelope around the answer") if status == 200 else None
    if status == 200 and said.code == "0":
        return None
    verdict = _VERDICTS.get(said.code)
    if verdict is None:
        if status != 200:
            return None
        verdict = Verdict.REFUSED
    return Trouble(verdict, words(f"code {said.code[:10]}: {said.msg}"))
