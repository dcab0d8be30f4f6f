"""What stands in a message of the bot, whichever way it was laid out."""

from collections.abc import Iterator, Mapping
from typing import Any

BUTTON, MENU, TEXT, BOX = 2, 3, 10, 17


def told(message: Any) -> str:
    """The words of a message: its content, or those of its layout from top to bottom."""
    return str(message.content or "\n".join(part["content"] for part in parts(message, TEXT)))


def labels(message: Any) -> list[str]:
    """What is on its buttons."""
    return [str(button.get("label")) for button in parts(message, BUTTON)]


def parts(message: Any, kind: int) -> list[Mapping[str, Any]]:
    """The components of a kind, wherever they stand."""
    roots = [one if isinstance(one, Mapping) else one.to_dict() for one in message.components]
    return [part for part in _walk(roots) if part["type"] == kind]


def _walk(components: list[Any]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        if "accessory" in component:
            yield from _walk(component["components"])
            yield from _walk([component["accessory"]])
            continue
        yield component
        yield from _walk(component.get("components") or [])
