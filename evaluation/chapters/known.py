"""What the study is worth itself: its intervals and its verdicts on generated markets in which the truth is known."""

from evaluation.coverage import Coverage, as_table, cover
from evaluation.known_truth import ASSETS, MEANINGLESS, PLANTED, STRONG, Found, false_a_month, find, study_of
from evaluation.study import Chapter, Study, Written
from evaluation.tables import number, share, table, with_interval
from market.evaluation.generated import FREE_OF_CAUSE, STANDARD
from market.evaluation_rules import EvidenceRules


def write(study: Study) -> Written:
    """Coverage of the intervals, a market with a planted sign, and the null."""
    evidence = study.evidence
    covered = cover(evidence.coverage_markets, evidence.coverage_repetitions)
    days, rules = evidence.known_days, study.rules
    found = find(study_of(ASSETS, days, study.seed, STRONG, evidence, rules, jobs=2))
    null = study_of(ASSETS, days // 2, study.seed, FREE_OF_CAUSE, evidence, rules, jobs=2)
    false = false_a_month(null)
    text = COVERAGE.format(markets=covered.markets, draws=evidence.coverage_repetitions)
    text += as_table(covered) + _outside(covered, evidence)
    text += TRUTH.format(assets=len(ASSETS), days=days) + _signs(found)
    text += AFTER.format(
        precision=number(found.precision, 3),
        prevalence=number(found.prevalence, 3),
        times=number(found.precision / found.prevalence, 1),
        false=number(false),
        most=STANDARD.most_false_a_month,
    )
    return Written(text, _facts(covered, found, false))


COVERAGE = """Nothing here is about markets: it proves plumbing, not market skill.

**Do the intervals hold what they promise?** {markets} generated markets of four assets, as many asset-months as recorded, of GARCH-t noise
with a part common to all, with active and quiet months, with falls of the whole market, some of which a sign comes before, and with signs
that say nothing. Each is scored by the parts of this study ({draws} draws of days); the truth is what half as many other markets come to
(`python -m evaluation.coverage` prints the table).

"""
OUTSIDE = """
Held in {least} to {most} of the markets at nominal 90 %: {inside} of {all}. Outside of it: {outside}. A share of so many
markets is itself known to within two or three points. What active and quiet months make hang together over longer than blocks of a week
the intervals do not see; of a recall they hold least (decision 0036). Wilson's interval takes sell-offs of several assets on one day for as many cases, and promises too much wherever assets are added
up: it is for one asset, or for episodes. Said to have skill: the planted sign in {planted} of the markets, the meaningless one in
{meaningless}. That is more than the 5 % of chance because it, too, comes in active months, when more falls do, and so is truly better than
random hours by the little that the table tells: whoever speaks only in wild months has skill of this kind, and no use.
"""
TRUTH = """
**Does the study find what was planted?** {assets} generated assets, {days} days, hour by hour through the engine: funding rises before four of
five falls of the market (`fe`), open interest bulges at any time (`ou`).

"""
AFTER = """
The last funding rate as a score of every hour has an average precision of {precision}, {times} times the prevalence of {prevalence}. On the null, noise alone, loud
alerts (warning or critical) come {false} times a symbol-month with nothing after them; {most:g} are the budget.
"""


def _outside(covered: Coverage, evidence: EvidenceRules) -> str:
    outside = [
        one for one in covered.figures if not evidence.covered_from <= one.share <= evidence.covered_to
    ]
    return OUTSIDE.format(
        least=share(evidence.covered_from, 0),
        most=share(evidence.covered_to, 0),
        inside=len(covered.figures) - len(outside),
        all=len(covered.figures),
        outside=", ".join(f"{one.figure} ({share(one.share)})" for one in outside) or "none",
        planted=share(covered.planted_skill),
        meaningless=share(covered.meaningless_skill),
    )


def _signs(found: Found) -> str:
    signs = (PLANTED, "planted", found.planted), (MEANINGLESS, "meaningless", found.meaningless)
    rows = [
        [
            f"`{flag}`",
            word,
            with_interval(of.share),
            number(of.other.value, 3),
            with_interval(of.difference),
            str(of.cases),
            str(of.event_days),
            verdict.value,
        ]
        for (flag, word, of), verdict in zip(signs, found.verdicts, strict=True)
    ]
    head = ("flag", "truth", "precision", "random", "difference", "alerts", "event-days", "verdict")
    return table(head, rows)


def _facts(covered: Coverage, found: Found, false: float) -> dict[str, object]:
    planted, meaningless = (verdict.value for verdict in found.verdicts)
    return {
        "coverage": {one.figure: round(one.share, 4) for one in covered.figures},
        "coverage_markets": covered.markets,
        "planted_said_skill": round(covered.planted_skill, 4),
        "meaningless_said_skill": round(covered.meaningless_skill, 4),
        "planted": planted,
        "meaningless": meaningless,
        "average_precision": round(found.precision, 4),
        "prevalence": round(found.prevalence, 4),
        "null_false_a_month": round(false, 4),
    }


CHAPTER = Chapter(90, "known", "What the study is worth itself", write)
