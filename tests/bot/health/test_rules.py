"""The alert rules for Prometheus: their shape, and that they speak of metrics and labels there are."""

import re
from pathlib import Path

import pytest

from bot.health.metrics import METRICS

RULES = Path(__file__).parents[3] / "deploy" / "prometheus" / "seawall.rules.yml"
KEYS = ["alert", "expr", "for", "labels", "annotations", "summary", "description"]
LABELS = {metric.name: {*metric.labels, "instance", "job"} for metric in METRICS}
BESIDE = {"up": {"job", "instance"}, "process_resident_memory_bytes": {"job", "instance"}}
ASKED_FOR = {
    "SeawallEvaluationStale",
    "SeawallVenueSilent",
    "SeawallQueueOld",
    "SeawallDeadRows",
    "SeawallWatchdogMissing",
    "SeawallTwoLeaders",
    "SeawallStoreAway",
    "SeawallMemory",
}

Rule = dict[str, str]


def rules() -> list[Rule]:
    """Every rule, read by the plain shape that the file keeps: one key a line, values on their line."""
    head, *blocks = re.split(r"^      - (?=alert: )", RULES.read_text(), flags=re.MULTILINE)
    assert re.sub(r"#.*\n|\n", "", head) == "groups:  - name: seawall    rules:"
    return [_rule(block) for block in blocks]


def _rule(block: str) -> Rule:
    found = {}
    for line in filter(None, block.splitlines()):
        match = re.fullmatch(r"( {8}| {10})?(\w+):(?: (.+))?", line)
        assert match, line
        depth = {"summary": 10, "description": 10}.get(match[2], 0 if match[2] == "alert" else 8)
        assert len(match[1] or "") == depth, line
        found[match[2]] = match[3] or ""
    return found


def name_of(rule: Rule) -> str:
    return rule["alert"]


def base(name: str) -> str:
    return re.sub(r"_(bucket|count|sum)$", "", name)


def test_every_rule_that_was_promised_is_there_once() -> None:
    names = [rule["alert"] for rule in rules()]
    assert set(names) >= ASKED_FOR
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("rule", rules(), ids=name_of)
def test_a_rule_has_the_shape_of_one(rule: Rule) -> None:
    assert list(rule) == [key for key in KEYS if key in rule]
    assert set(KEYS) - set(rule) <= {"for"}
    assert re.fullmatch(r"Seawall[A-Z]\w+", rule["alert"])
    assert re.fullmatch(r"\{severity: (critical|warning)\}", rule["labels"])
    assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))
    for key in ("expr", "summary", "description"):
        value = rule[key]
        if value.startswith('"'):
            assert value.endswith('"')
            assert value.count('"') == 2
        else:
            assert not re.match(r"[{}\[\]&*!|>%@`'#,?-]", value)
            assert ": " not in value
            assert " #" not in value


@pytest.mark.parametrize("rule", rules(), ids=name_of)
def test_a_rule_speaks_of_metrics_and_labels_there_are(rule: Rule) -> None:
    expr = rule["expr"]
    assert expr.count("(") == expr.count(")")
    used = re.findall(r"\b((?:seawall_|process_)\w+|up)\b(?:\{([^}]*)\})?", expr)
    assert used
    known = LABELS | BESIDE
    for metric, selector in used:
        assert base(metric) in known, metric
        assert set(re.findall(r"(\w+)!?=~?\"", selector)) <= known[base(metric)]
    told = set().union(*(known[base(metric)] for metric, _ in used)) | {"le"}
    for grouped in re.findall(r"\bby \(([^)]*)\)", expr):
        assert set(re.split(r",\s*", grouped)) <= told
    spoken = set(re.findall(r"\$labels\.(\w+)", rule["summary"] + rule["description"]))
    grouped = set(re.split(r",\s*", ",".join(re.findall(r"\bby \(([^)]*)\)", expr))))
    assert spoken <= (grouped | ({"instance", "part"} if " by (" not in expr else set()))
