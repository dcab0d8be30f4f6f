"""How close each subscription is to being told: the shock against its line, flags with their measures, the way to a state."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from commands.protocol.phrases import Phrases
from commands.protocol.style import style
from commands.wording import numbers
from commands.wording.columns import fit, folded, sides
from commands.wording.measures import measure_line
from commands.wording.turns import turns_words
from commands.wording.unwatched import not_seen_of, not_seen_words
from commands.wording.why import ANSWERS
from commands.wording.wishes import asset_words, least_of
from market.alert_rules import STAGE_WARNED
from market.alerts import CLASSES, Kind, Severity
from market.alerts.conditions import CONDITIONS, FLAGS_OF
from market.alerts.reach import reaches
from market.alerts.regime import WARNED_OF
from market.observations import Asset
from market.once import once, once_of_all
from market.outlook import worse
from market.reading import Condition, measure
from market.rules import AlertRules, Rules
from market.snapshot import Snapshot
from market.table import State
from store.wishes import Chat, Subscription

INDENT = "   "
MOST_ASSETS = 6
_HOLDS = {condition.kind: condition for condition in CONDITIONS}

Lookup = Mapping[Asset, Snapshot]
Near = Callable[[Snapshot, Severity, Phrases, Rules], Iterator[str]]


def closeness(
    wish: Subscription, chat: Chat, snapshots: Lookup, phrases: Phrases, rules: Rules, now_ms: int
) -> tuple[str, ...]:
    """The lines of one subscription, at most 37 columns each; what it cannot see just now is said first."""
    least = least_of(wish, chat)
    name = f"{asset_words(wish.asset, phrases)} {phrases.word('alert_kind', wish.kind.value)}"
    head = sides(name, phrases.say("alerts.from", severity=phrases.word("severity", least.value)))
    if not reaches(wish.kind, least):
        return (head, *folded(INDENT + phrases.say("alerts.never_so_loud"), INDENT))
    if wish.asset is None:
        every = tuple(snapshots.values())
        blind = _blind(every, wish.kind, phrases)
        is_all_blind = bool(every) and all(not_seen_of(wish.kind, one) for one in every)
        near = () if is_all_blind else _of_all(every, wish.kind, least, phrases, rules)
        return (head, *near, *blind)
    snapshot = snapshots.get(wish.asset)
    if snapshot is None:
        return (head, fit(INDENT + phrases.say("alerts.no_data")))
    near = _near(snapshot, wish.kind, least, phrases, rules)
    not_seen = not_seen_words(wish.kind, snapshot, phrases, now_ms)
    if not not_seen:
        return (head, *near)
    # a shock of before is no distance to anything now
    return (head, *folded(INDENT + not_seen, INDENT), *(() if wish.kind is Kind.CASCADE else near))


def _blind(snapshots: Sequence[Snapshot], kind: Kind, phrases: Phrases) -> tuple[str, ...]:
    """Of how many assets it is not seen now."""
    count = sum(bool(not_seen_of(kind, snapshot)) for snapshot in snapshots)
    return (fit(INDENT + phrases.say("alerts.blind", count=count, of=len(snapshots))),) if count else ()


@once(style)
def _near(snapshot: Snapshot, kind: Kind, least: Severity, phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    """What is said to every chat that subscribed to this kind from this severity up."""
    return tuple(_NEAR[kind](snapshot, least, phrases, rules))


def needed_shock(least: Severity, rules: AlertRules) -> float:
    """The 24 h shock that would be told."""
    return (rules.watch_shock, rules.warning_shock, rules.critical_shock)[CLASSES.index(least)]


def _cascade(snapshot: Snapshot, least: Severity, phrases: Phrases, rules: Rules) -> Iterator[str]:
    needed = needed_shock(least, rules.alerts)
    yield measure_line(
        measure("shock_24h", snapshot.fact("price", "shock_24h"), needed, "sigma", above=False), phrases
    )


def _regime(snapshot: Snapshot, least: Severity, phrases: Phrases, rules: Rules) -> Iterator[str]:
    state = snapshot.regime.state
    yield fit(INDENT + phrases.say("alerts.state", state=phrases.word("state", state.value)))
    wanted = [turn for turn in worse(snapshot) if turn.state in WARNED_OF]
    if wanted and state is not State.INSUFFICIENT_DATA:
        told = phrases.say(
            "alerts.next",
            state=phrases.word("state", wanted[0].state.value),
            turns=turns_words([turn for turn in wanted if turn.state is wanted[0].state][:1], phrases, rules),
        )
        yield from folded(INDENT + told, INDENT)


def _stage(snapshot: Snapshot, least: Severity, phrases: Phrases, rules: Rules) -> Iterator[str]:
    yield fit(INDENT + phrases.say("alerts.stage", stage=snapshot.regime.stage, needed=STAGE_WARNED))


def _flags(
    snapshot: Snapshot, least: Severity, phrases: Phrases, rules: Rules, *, kind: Kind
) -> Iterator[str]:
    """Each flag of the kind: up, or what it lacks."""
    known = {condition.flag: condition for reading in snapshot.readings for condition in reading.conditions}
    for flag in FLAGS_OF[kind]:
        value = snapshot.regime.flag(flag)
        mark, answer = ANSWERS[value]
        lines = _unmet(known.get(flag), phrases) if not value else ()
        yield sides(f" {mark} {phrases.word('flag', flag)}", phrases.word("answer", answer))
        yield from lines


def _unmet(condition: Condition | None, phrases: Phrases) -> tuple[str, ...]:
    measures = () if condition is None else condition.measures
    return tuple(measure_line(one, phrases) for one in measures if not one.met)


def _flags_of(kind: Kind) -> Near:
    def near(snapshot: Snapshot, least: Severity, phrases: Phrases, rules: Rules) -> Iterator[str]:
        return _flags(snapshot, least, phrases, rules, kind=kind)

    return near


_NEAR: Mapping[Kind, Near] = {
    Kind.CASCADE: _cascade,
    Kind.REGIME: _regime,
    Kind.STAGE: _stage,
    **{kind: _flags_of(kind) for kind in FLAGS_OF},
}


@once_of_all(style)
def _of_all(
    snapshots: tuple[Snapshot, ...], kind: Kind, least: Severity, phrases: Phrases, rules: Rules
) -> tuple[str, ...]:
    """A subscription of every asset: the nearest one, or those that are there."""
    if not snapshots:
        return (fit(INDENT + phrases.say("alerts.no_data")),)
    if kind is Kind.CASCADE:
        return (_nearest_fall(least, snapshots, phrases, rules),)
    there = [snapshot.asset for snapshot in snapshots if _is_there(kind, snapshot)]
    said = phrases.say("alerts.there", count=len(there), of=len(snapshots))
    names = ", ".join(there[:MOST_ASSETS])
    return (fit(INDENT + (f"{said}: {names}" if names else said)),)


def _nearest_fall(least: Severity, snapshots: Sequence[Snapshot], phrases: Phrases, rules: Rules) -> str:
    seen = (snapshot for snapshot in snapshots if not not_seen_of(Kind.CASCADE, snapshot))
    shocks = {snapshot.asset: snapshot.fact("price", "shock_24h") for snapshot in seen}
    gaps = {
        asset: shock - needed_shock(least, rules.alerts)
        for asset, shock in shocks.items()
        if shock is not None
    }
    if not gaps:
        return fit(INDENT + phrases.say("alerts.no_data"))
    asset = min(gaps, key=gaps.__getitem__)
    shock = shocks[asset] or 0.0
    told = phrases.say(
        "alerts.nearest",
        asset=asset,
        shock=numbers.decimals(shock, 2, signed=True),
        needed=numbers.decimals(shock - gaps[asset], 2, signed=True),
    )
    return fit(INDENT + told)


def _is_there(kind: Kind, snapshot: Snapshot) -> bool:
    """Whether what a kind warns of is the case now."""
    regime = snapshot.regime
    return regime.state in WARNED_OF if kind is Kind.REGIME else _HOLDS[kind].holds(regime) is True
