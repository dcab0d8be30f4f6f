"""A number that a judgement hangs on stands in market/rules.py or market/*_rules.py, beside its sentence, and nowhere else.

What is looked at: comparisons, calls that compare, and defaults of parameters that are compared and of fields. A number in
one of them is found whether it stands there, behind a name of the function or the module, or in another module of the market.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
MARKET = HOME / "market"
NUMBERS: Mapping[float, str] = {
    0: "nothing, or the sign",
    1: "one, or the whole",
    2: "a pair: what has two ends",
    100: "percent",
}
"""What may be compared with as it stands: arithmetic, no threshold."""
FACTORS: Mapping[float, str] = {**NUMBERS, 24: "hours a day", 365: "days a year", 10_000: "basis points"}
"""What may scale a side of a comparison; a length of time may not, as "6 * HOUR_MS" is a threshold."""
NAMED: Mapping[str, str] = {
    r"(SECOND|MINUTE|FIVE|STEP|HOUR|GRID|DAY)_MS": "a unit of time, or the step of a grid",
    r"(DAY|WEEK|MONTH|QUARTER|YEAR)_(HOURS|DAYS|MS)": "the length of a window",
    r"(\w+_)?AN?_(HOUR|DAY|WEEK)": "so many of one fit into the other",
    r"BUCKETS|FULL": "so many fit into a window",
    r"LEARNED(_\w+)?": "the whole window but for a day: then nothing is said of learning any more",
    r"_?(MOST|KEPT)_\w+|\w+_KEPT": "room in memory, or how long a loop may go on",
    r"_?(TOUCH|RESIDUE|SMALL_SCALE|NEGLIGIBLE|CLOSE_ENOUGH|MOST_OF_A_PRICE)": "what rounding leaves",
}
"""Names of numbers that may be compared with."""
EXEMPT: Mapping[tuple[str, str], str] = {
    ("market/formulas/statistics.py", "0.0 <= age_ms < 3.0 * ttl_ms"): "the formula itself: 0 at 3 x TTL",
    ("market/formulas/volatility.py", "count < 3"): "three returns are one triple",
    (
        "market/formulas/liquidations.py",
        "power < 1e-18",
    ): "a sum has ended that a double cannot tell from more",
    ("market/options/fit.py", "abs(whole) < 1e-18"): "equations without an answer, as far as a double tells",
}
COMPARING = {"at_least", "at_most", "measure", "reaches", "stands_out", "Dwell"}
Found = tuple[str, int, str]


def modules() -> list[Path]:
    return [
        path
        for path in sorted(MARKET.rglob("*.py"))
        if path.name != "rules.py" and not path.name.endswith("_rules.py")
    ]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name_of(path: Path) -> str:
    return str(path.relative_to(HOME))


def number(node: ast.AST) -> float | None:
    is_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    return float(node.value) if is_number else None  # type: ignore[attr-defined]


def assigned(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """What each name is given in these statements, where it is given a value of its own."""
    found: dict[str, ast.expr] = {}
    for statement in body:
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = list[ast.expr]([statement.target]), statement.value
        elif isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                found[target.id] = value
            elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = zip(target.elts, value.elts, strict=False)
                found |= {one.id: worth for one, worth in pairs if isinstance(one, ast.Name)}
    return found


def imported(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Where a name comes from: its module and what it is called there."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def bare_thresholds(tree: ast.Module, where: str) -> list[Found]:
    """Every number in this module that is compared with and is no arithmetic."""
    known = assigned(tree.body)
    others = imported(tree)
    found = list[Found]()
    for function, node in _judging(tree):
        inside = {} if function is None else _locals(function)
        for operand in _operands(node):
            if any(_is_bare(operand, {**known, **inside}, others)):
                text = ast.unparse(node)
                if (where, text) not in EXEMPT:
                    found.append((where, node.lineno, text))
                break
    return found


def _judging(tree: ast.Module) -> Iterator[tuple[ast.AST | None, ast.expr]]:
    """Each comparison, comparing call and default of a parameter or a field, with the function it stands in."""
    owner: dict[ast.AST, ast.AST] = {}
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            owner |= dict.fromkeys(ast.walk(function), function)
            yield from ((function, default) for default in _compared_defaults(function))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and not any("Enum" in ast.unparse(base) for base in node.bases):
            values = assigned(node.body).values()
            yield from ((None, value) for value in values if isinstance(value, (ast.Constant, ast.BinOp)))
        if isinstance(node, ast.Compare) or (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in COMPARING
        ):
            yield owner.get(node), node


def _compared_defaults(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.expr]:
    """The defaults of those parameters that the function compares with."""
    asked = function.args
    places = [*asked.posonlyargs, *asked.args]
    named = zip(places[len(places) - len(asked.defaults) :], asked.defaults, strict=True)
    pairs = [*named, *zip(asked.kwonlyargs, asked.kw_defaults, strict=True)]
    compared = {
        name.id
        for node in ast.walk(function)
        if isinstance(node, ast.Compare)
        for name in ast.walk(node)
        if isinstance(name, ast.Name)
    }
    return [default for parameter, default in pairs if default is not None and parameter.arg in compared]


def _locals(function: ast.AST) -> dict[str, ast.expr]:
    return assigned([node for node in ast.walk(function) if isinstance(node, ast.stmt)])


def _operands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Call):
        return [*node.args, *(keyword.value for keyword in node.keywords)]
    return [node]


def _is_bare(
    operand: ast.expr,
    known: Mapping[str, ast.expr],
    others: Mapping[str, tuple[str, str]],
    *,
    scaled: bool = False,
) -> Iterator[bool]:
    """Whether a number in this operand is one to judge by; what is asked of containers and calls is left aside."""
    value = number(operand)
    if value is not None:
        yield value not in (FACTORS if scaled else NUMBERS)
    elif isinstance(operand, ast.UnaryOp):
        yield from _is_bare(operand.operand, known, others, scaled=scaled)
    elif isinstance(operand, ast.BinOp):
        sides = (operand.left, operand.right)
        named = [side.id for side in sides if isinstance(side, ast.Name) and side.id.endswith("_MS")]
        yield bool(named) and any(number(side) not in (None, 1.0) for side in sides)
        for side in sides:
            yield from _is_bare(side, known, others, scaled=True)
    elif isinstance(operand, ast.Name):
        yield _is_bare_name(operand.id, known, others, scaled=scaled)
    elif isinstance(operand, ast.Attribute) and isinstance(operand.value, ast.Name):
        module, called = others.get(operand.value.id, ("", ""))
        there = {operand.attr: (f"{module}.{called}", operand.attr)} if module else {}
        yield _is_bare_name(operand.attr, {}, there, scaled=scaled)


def _is_bare_name(
    name: str, known: Mapping[str, ast.expr], others: Mapping[str, tuple[str, str]], *, scaled: bool
) -> bool:
    if any(re.fullmatch(pattern, name) for pattern in NAMED):
        return False
    if name in others:
        module, called = others[name]
        path = HOME / (module.replace(".", "/") + ".py")
        if module.endswith("rules") or not module.startswith("market") or not path.exists():
            return False
        return _is_bare_name(called, assigned(tree_of(path).body), imported(tree_of(path)), scaled=scaled)
    if name not in known:
        return False
    rest = {other: value for other, value in known.items() if other != name}
    return any(_is_bare(known[name], rest, others, scaled=scaled))


# ------------------------------------------------------------------------------------------ the market as it is


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_number_is_judged_by_outside_the_rules(path: Path) -> None:
    assert bare_thresholds(tree_of(path), name_of(path)) == []


@pytest.mark.parametrize(("where", "text"), EXEMPT, ids=str)
def test_what_is_let_through_is_still_there(where: str, text: str) -> None:
    comparisons = [node for node in ast.walk(tree_of(HOME / where)) if isinstance(node, ast.Compare)]
    assert text in {ast.unparse(node) for node in comparisons}


@pytest.mark.parametrize("pattern", NAMED)
def test_a_name_that_may_be_compared_with_is_one_of_the_market(pattern: str) -> None:
    names = {name for path in modules() for name in assigned(tree_of(path).body)}
    assert any(re.fullmatch(pattern, name) for name in names)


# ------------------------------------------------------------------------------------------ what it would find


@pytest.mark.parametrize(
    "planted",
    [
        "def f(x):\n    return x > 0.35",
        "def f(x):\n    return 0.5 < x <= 1.0",
        "def f(x):\n    return x < -0.35",
        "def f(x):\n    return 7 <= len(x)",
        "LIMIT = 0.35\ndef f(x):\n    return x > LIMIT",
        "LOW, HIGH = 0.0, 0.35\ndef f(x):\n    return LOW < x < HIGH",
        "BASE = 0.35\nLIMIT = 2 * BASE\ndef f(x):\n    return x > LIMIT",
        "LIMIT: float = 0.35\ndef f(x):\n    return x > LIMIT",
        "def f(x):\n    limit = 0.35\n    return x > limit",
        "def f(x, y):\n    return x > 1.5 * y",
        "def f(x, y):\n    return x - 0.1 > y",
        "from market.observations import HOUR_MS\ndef f(x):\n    return x > 6 * HOUR_MS",
        "def f(x):\n    return at_least(x, 0.6)",
        "def f(x):\n    return measure('x', x, 3.0, 'h')",
        "def f(x, least=0.6):\n    return x >= least",
        "def f(x, *, least: float = 0.6):\n    return x >= least",
        "f = lambda x: x > 0.6",
        "f = lambda x, least=0.6: x > least",
        "def f(x):\n    match x:\n        case float() if x > 0.35:\n            return 1",
        "from market.formulas.funding import CLAMP\ndef f(x):\n    return x > CLAMP",
        "from market.formulas import funding\ndef f(x):\n    return x > funding.CLAMP",
        "class Judge:\n    least: float = 0.35",
        "from market.observations import HOUR_MS\nclass Judge:\n    wait_ms: int = 6 * HOUR_MS",
    ],
)
def test_a_planted_threshold_is_found(planted: str) -> None:
    assert len(bare_thresholds(ast.parse(planted), "market/planted.py")) == 1


@pytest.mark.parametrize(
    "arithmetic",
    [
        "def f(x):\n    return x > 0.0",
        "def f(x):\n    return len(x) < 2",
        "def f(x):\n    return x * 100 > 1",
        "from market.observations import HOUR_MS\ndef f(x):\n    return x % HOUR_MS == 0",
        "from market.rules import LOW_WINDOW_MS\ndef f(x):\n    return x > LOW_WINDOW_MS",
        "def f(x, rules):\n    return x > rules.price.shock_1h",
        "def f(x, y):\n    return x > y / 24",
        "SCALE = 0.35\ndef f(x):\n    return x * SCALE",
        "class Kind(IntEnum):\n    THIRD = 3",
        "class Place:\n    x: float = 0.0",
        "def f(x, names=()):\n    return 'pd' in names",
        "def f(x, minutes=60):\n    return x / minutes",
    ],
)
def test_arithmetic_is_left_alone(arithmetic: str) -> None:
    assert bare_thresholds(ast.parse(arithmetic), "market/planted.py") == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_in_each_module_one_more_would_be_found(path: Path) -> None:
    before = bare_thresholds(tree_of(path), name_of(path))
    planted = f"{path.read_text()}\n\ndef planted(value):\n    return value > 0.4321\n"
    assert len(bare_thresholds(ast.parse(planted), name_of(path))) == len(before) + 1
