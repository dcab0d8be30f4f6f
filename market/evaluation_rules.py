"""What counts as a sell-off, as a hit, and as shown (section 10): the definitions every score is measured by.

They are no thresholds to be moved by evidence: moving them moves what the evidence is about.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelRules:
    """When a fall is a sell-off: "min over next 24 h of mark <= -max(7%, 2.5 sigma_24h)"."""

    fall: float = 0.07
    # 0 leaves the sigma leg out: "labels with and without the sigma leg are both published" (7a.8)
    sigmas: float = 2.5
    within_hours: int = 24
    # "t_e = first minute the running drop from the prior 6h high reaches 40% of the final drop"
    high_hours: int = 6
    onset_share: float = 0.4
    # "merge onsets <48 h"
    merge_hours: int = 48


@dataclass(frozen=True, slots=True)
class MatchRules:
    """When a warning was right: "TP if 15 min <= t_e - t_a <= 24 h; alerts in onset..+24h are neither; refractory 6 h"."""

    least_lead_minutes: int = 15
    longest_lead_hours: int = 24
    event_hours: int = 24
    # "Report with a 24 h refractory (per episode) as well"
    refractory_hours: int = 6
    episode_hours: int = 24
    # a month of "false alarms per symbol-month": 720 h make one in the vector
    month_hours: int = 720


@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """When something is shown: "percentile CI, 2,000 reps, mean block 7 d"; below twenty event-days nothing is."""

    level: float = 0.90
    repetitions: int = 2_000
    block_days: float = 7.0
    least_event_days: int = 20
    random_draws: int = 1_000
    # "cover the truth in 85 to 95 % of 200 generated markets at nominal 90 %", each with so many draws
    coverage_markets: int = 200
    coverage_repetitions: int = 500
    covered_from: float = 0.85
    covered_to: float = 0.95
    # the generated market that goes through the engine, and half as much of the null
    known_days: int = 730


@dataclass(frozen=True, slots=True)
class HoldRules:
    """The utility check: "5x long buy-and-hold-72h entered hourly", with section 8's maintenance and fee for every notional."""

    leverage: float = 5.0
    hours: int = 72
    maintenance_rate: float = 0.005
    fee_rate: float = 0.0005
    # funding is settled at 00, 08 and 16 UTC
    settles_hours: int = 8
    # the goal: so many forced closes of those of a constant leverage of equal mean
    goal: float = 0.85


@dataclass(frozen=True, slots=True)
class WalkRules:
    """Walk-forward: "expanding train >=12 months, test 3 months, embargo = 24 h + longest lookback overlap purge"."""

    least_train_days: int = 365
    test_days: int = 91
    # the label looks a day ahead
    label_days: int = 1
    # the ranks of funding and open interest look back over 90 d, the longest of what is scored
    lookback_days: int = 90


@dataclass(frozen=True, slots=True)
class OddsRules:
    """How what followed is counted and told."""

    # "P(further -5% in 24 h)"
    further_fall: float = 0.05
    after_hours: tuple[int, ...] = (1, 4, 24)
    # moments closer together are one episode
    apart_hours: int = 24
    # below so many hits, or misses, Wilson's interval stands in place of the drawn one
    least_hits: int = 10
    # so many episodes of its own lets an asset quote what is counted with others
    least_own: int = 10


@dataclass(frozen=True, slots=True)
class GeneratedRules:
    """Markets made of chance in which the truth is known (section 10, "Offline acceptance without history").

    Hours of GARCH-t noise with a common part; falls, of the whole market, some of which a sign comes before; and signs
    that say nothing. "State clearly it proves plumbing, not market skill."
    """

    # hourly GARCH(1,1) with Student's t: `persistence` is alpha + beta
    daily_volatility: float = 0.028
    alpha: float = 0.04
    persistence: float = 0.985
    freedom: float = 5.0
    common: float = 0.6
    # active and quiet months: rates times these, stays of so many days
    active: float = 1.6
    quiet: float = 0.4
    stay_days: float = 30.0
    # a month of 720 h, all assets together; 0 falls of either kind is the null, without any cause
    month_signs: float = 1.6
    month_unsigned: float = 0.5
    month_meaningless: float = 1.6
    # a sign is shown by so many assets, and a fall comes after it with this chance, in so many assets
    shown: float = 0.8
    sign_chance: float = 0.5
    joined: float = 0.8
    # from the sign to the begin of the fall, how long it takes and how deep it goes
    lag_hours: tuple[int, int] = (4, 18)
    fall_hours: tuple[int, int] = (3, 8)
    fall_depth: tuple[float, float] = (0.09, 0.16)
    # what the engine reads the sign from: funding per 8 h, and the meaningless one: open interest
    sign_hours: int = 24
    settles_hours: int = 8
    calm_funding: float = 0.00003
    sign_funding: float = 0.0009
    bulge: float = 0.12
    # what the study has to find in them: this many times the prevalence, and on the null at most so many false alarms a month
    least_times_prevalence: float = 2.0
    most_false_a_month: float = 2.0


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """What `seawall score` counts at all."""

    # "n_min (7 d hourly=168)": before it nothing is ranked, and `seawall replay` counts nothing as blind
    warm_up_hours: int = 168
    # a signal that is known in fewer of the scored hours is no baseline
    least_known: float = 0.5
    seed: int = 20_261_123
