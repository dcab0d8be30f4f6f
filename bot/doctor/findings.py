"""What the doctor finds, and how it is said."""

from dataclasses import asdict, dataclass
from enum import StrEnum

from bot.doctor.sources import SourceFound

SETTING = "setting"
"""What a finding about a setting that cannot be used is called."""


class Finds(StrEnum):
    """How something is: fine, left out by choice, of less use than it could be, or in need of a hand."""

    OK = "ok"
    UNSET = "not set"
    WEAK = "weak"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what it is, how it is, what was seen, and what to do (nothing where it is fine)."""

    what: str
    finds: Finds
    seen: str
    to_do: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything looked at, each exchange in numbers, and the entries that were found by name, which a folder scan hides."""

    findings: tuple[Finding, ...]
    sources: tuple[SourceFound, ...]
    signals: tuple[str, ...]
    commands: tuple[str, ...]
    platforms: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Nothing is wrong; what is not set is a choice, and what is weak still works."""
        return all(finding.finds is not Finds.WRONG for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0: it can serve. 2: a setting is wrong, and starting again changes nothing. 1: something else is wrong."""
        wrong = [finding.what for finding in self.findings if finding.finds is Finds.WRONG]
        return 0 if not wrong else 2 if SETTING in wrong else 1

    def to_json(self) -> dict[str, object]:
        """The same with plain keys, for `--json`."""
        told = {"ok": self.ok, "exit_code": self.exit_code, **asdict(self)}
        told["sources"] = [_without_assets(source) for source in self.sources]
        return told


def _without_assets(source: SourceFound) -> dict[str, object]:
    """A source in plain keys; hundreds of names say less than their number."""
    told = asdict(source)
    return {**told, "assets": len(source.assets), "ok": source.is_well}


def in_words(examination: Examination) -> str:
    """The examination in lines: what is wrong first, then what is weak or not set, then what is fine."""
    order = [Finds.WRONG, Finds.WEAK, Finds.UNSET, Finds.OK]
    lines = []
    for finding in sorted(examination.findings, key=lambda finding: order.index(finding.finds)):
        lines.append(f"{finding.finds:<7} {finding.what}: {finding.seen}")
        if finding.to_do:
            lines.append(f"        {finding.to_do}")
    entries = {
        "signals": examination.signals,
        "commands": examination.commands,
        "platforms": examination.platforms,
    }
    lines += [f"found   {kind}: {', '.join(names) or 'none'}" for kind, names in entries.items()]
    return "\n".join(lines)
