"""Interactions of Discord through the real gateway parser of discord.py, its commands, views and HTTP client, on a session of ours.

The session takes the place of aiohttp's: requests end here, are judged, and answered as Discord would.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from discord import ClientUser
from discord.webhook.async_ import async_context
from multidict import CIMultiDict

from bot.layout import DISCORD_UNITS, units
from bot.platforms.discord.buttons import KINDS, LONGEST_ID, LONGEST_LABEL
from bot.platforms.discord.connection_socket import GatewaySocket
from bot.platforms.discord.panel_view import PanelItem
from bot.platforms.discord.retry_answers import PatientAnswers
from bot.platforms.discord.service import Client
from bot.platforms.discord.slash import SUGGESTED
from bot.platforms.discord.translation import SlashWords
from commands.protocol import dispatch
from commands.protocol.command import Command
from tests import canary
from tests.doubles.discord_rest import BOT_ID, ME, interaction, shown_message
from tests.doubles.discord_schemas import _over_limits, _walk, refused_request, words_of
from tests.fuzz.desks import lively
from tests.fuzz.harness import Wrong
from tests.fuzz.lines import PIECES, Asking
from tests.fuzz.mutating import mutated_json, mutated_text

Json = dict[str, Any]

LASTS, STEP_MS, STRICT_EVERY = 1_500, 500, 40
COMMAND, PRESS, TYPING, PAGE = 2, 3, 4, 5
STRING, NUMBER, ROLE = 3, 10, 8
BUTTON, MENU, CONTAINER = 2, 3, 17
EPHEMERAL, LAYOUT = 1 << 6, 1 << 15
PEOPLE = tuple(str(number) for number in range(42, 90))
CHANNELS = tuple(str(number) for number in range(500, 530))
FAULTS: tuple[tuple[str, int, int] | None, ...] = (
    *(None,) * 30,
    ("/callback", 404, 10062),
    ("/callback", 400, 40060),
    ("webhooks/", 400, 50035),
    ("webhooks/", 404, 10015),
    ("webhooks/", 401, 50027),
)
"""Which request of an input is refused first, and with what status and code."""
GUILD: Json = {
    "id": "55", "name": "desk", "icon": None, "owner_id": "42", "roles": [{"id": "55", "name": "@everyone", "permissions": "0", "position": 0, "color": 0,
    "hoist": False, "managed": False, "mentionable": False, "flags": 0}], "emojis": [], "features": [], "members": [], "channels": [], "threads": [],
    "voice_states": [], "presences": [], "stage_instances": [], "stickers": [], "premium_tier": 0, "preferred_locale": "en-US", "nsfw_level": 0,
    "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0, "system_channel_flags": 0,
    "afk_timeout": 0, "unavailable": False, "member_count": 2, "region": "x", "joined_at": "2026-01-01T00:00:00+00:00",
}  # fmt: skip


class Answered:
    """A response of Discord's, as aiohttp shows it."""

    def __init__(self, status: int, told: Any) -> None:
        self.status, self._told = status, told
        self.reason = HTTPStatus(status).phrase
        self.headers = CIMultiDict({"content-type": "application/json", "Via": "1.1 google"})

    async def text(self, encoding: str = "utf-8") -> str:
        """Its body."""
        return json.dumps(self._told)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Session:
    """In the place of aiohttp's session: keeps what was asked, and answers it."""

    closed = False

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Any]] = []
        self.fault: tuple[str, int, int] | None = None

    def request(self, method: str, url: str, *, data: Any = None, **_more: Any) -> Answered:
        """One request."""
        path = str(url).partition("/api/v10/")[2]
        body = json.loads(data) if isinstance(data, str | bytes) else None
        self.requests.append((method, path, body))
        if self.fault is not None and self.fault[0] in path:
            (_, status, code), self.fault = self.fault, None
            return Answered(status, {"message": "no", "code": code})
        if path.endswith("/callback"):
            return Answered(200, {"interaction": {"id": "77", "type": 2, "response_message_loading": True}})
        if path == "users/@me/channels":
            return Answered(200, {"id": "9", "type": 1, "recipients": []})
        return Answered(200, shown_message("55", "88", body if isinstance(body, dict) else {}))

    async def close(self) -> None:
        """Nothing is open."""


class DiscordEvents:
    """What people do on Discord, mutated as JSON."""

    name = "discord"

    def __init__(self) -> None:
        self._lines = Asking()
        self._client: Client | None = None
        self.before: list[Any] = []
        self._spent_ns = 0
        self._seen: list[str] = []
        self._panels: list[list[Json]] = []

    def input(self, dice: Random) -> Any:
        """An interaction, and how Discord answers the first request."""
        told, is_bent = self._interaction(dice), dice.random() < 0.45
        is_panel = "seawall-panel:" in str(told["data"])
        if is_bent:
            told = _bent(told, dice)
        return {"told": told, "fault": dice.randrange(len(FAULTS)), "is_bent": is_bent or is_panel}

    async def answer(self, given: Any) -> None:
        """Bring it as the gateway would, and wait until all that it began is done."""
        if self._client is None or len(self.before) >= LASTS:
            began_ns = time.thread_time_ns()
            await self._begin()
            self._spent_ns += time.thread_time_ns() - began_ns
        self.before.append(given)
        self._desk.now_ms += STEP_MS
        self._session.requests.clear()
        self._session.fault = FAULTS[given["fault"]]
        frame = json.dumps({"op": 0, "t": "INTERACTION_CREATE", "s": len(self.before), "d": given["told"]})
        others = asyncio.all_tasks()
        await self._socket.received_message(frame)
        while begun := asyncio.all_tasks() - others:
            await asyncio.wait(begun)

    def judge(self, given: Any, answered: None) -> str:
        """Raises Wrong."""
        requests = self._session.requests
        for method, path, body in requests:
            check_request(method, path, body)
        # a panel stands in its message: one that Discord never showed is shown again as it is not
        if len(self.before) % STRICT_EVERY == 0 and not given["is_bent"]:
            for one in requests:
                for said in refused_request(*one)[:1]:
                    raise Wrong(f"Discord refuses {one[1]}: {said}")
            if canary.leaks(json.dumps(requests)):
                raise Wrong("a message holds a secret")
        self._learn(requests)
        return _way(requests[-1][1]) if requests else "passed over"

    async def end(self) -> None:
        """Let the client go."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def besides_ns(self) -> int:
        """What beginning anew took."""
        spent, self._spent_ns = self._spent_ns, 0
        return spent

    # ---- the bot

    async def _begin(self) -> None:
        await self.end()
        self.before, self._seen, self._panels = [], [], []
        self._desk, self._session = lively(Path("/nowhere")), Session()
        client = self._client = Client(self._desk.desk)
        await client._async_setup_hook()
        client.http._HTTPClient__session = self._session  # type: ignore[attr-defined]
        client.http._global_over = asyncio.Event()
        client.http._global_over.set()
        client.http.token = canary.DISCORD_TOKEN
        async_context.set(PatientAnswers())  # type: ignore[no-untyped-call]
        await client.tree.set_translator(SlashWords())
        client._connection._ready_state = asyncio.Queue()
        client._connection._ready_task = None
        client.shard_count = client._connection.shard_count = 1
        client._connection.user = client._connection._users = None  # type: ignore[assignment]
        client._connection.clear()
        client._connection.user = _me(client)
        client._connection.application_id = int(BOT_ID)
        del client._connection._ready_state
        client.add_dynamic_items(*KINDS, PanelItem)
        self._socket = _socket(client)
        guild = json.dumps({"op": 0, "t": "GUILD_CREATE", "s": 0, "d": GUILD})
        await self._socket.received_message(guild)

    # ---- the people

    def _interaction(self, dice: Random) -> Json:
        kind = dice.choice((COMMAND,) * 5 + (PRESS,) * 4 + (TYPING, PAGE, PAGE))
        data = {COMMAND: self._command, PRESS: self._press, TYPING: self._typing, PAGE: self._page}[kind](
            dice
        )
        told = interaction(data, kind, str(dice.randrange(10**17)))
        told["channel_id"] = told["channel"]["id"] = dice.choice(CHANNELS)
        told["locale"] = dice.choice(("en-US", "es-ES", "es-419", "de", "pt-BR"))
        user = {**told["user"], "id": dice.choice(PEOPLE)}
        told["user"] = user
        if kind == PRESS:
            told["message"] = {
                **shown_message(told["channel_id"], "88", {}),
                "application_id": BOT_ID,
                "flags": dice.choice((0, EPHEMERAL, LAYOUT)),
            }
            told["message"]["components"] = below = self._below(data, dice)
            if any(part["type"] == CONTAINER for part in below):
                told["message"]["flags"] = LAYOUT | EPHEMERAL
        place = dice.random()
        if place < 0.4:
            _in_guild(told, user, dice)
        elif place < 0.5:
            told |= {"context": 2, "channel": {"id": told["channel_id"], "type": 3, "recipients": []}}
        return told

    def _below(self, data: Json, dice: Random) -> list[Json]:
        """What stands in the message whose button or menu is pressed: the panel as it was sent, else that one alone."""
        panels = self._panels if data["custom_id"].startswith("seawall-panel:") else []
        return dice.choice(panels) if panels else [{"type": 1, "id": 1, "components": [_pressed(data)]}]

    def _command(self, dice: Random) -> Json:
        command = dice.choice(dispatch.commands())
        options: list[Json] = []
        for option in command.options:
            if dice.random() < 0.5:
                continue
            word = dice.choice((option.word.example, *option.word.choices, dice.choice(PIECES)))
            if option.word.kind == "role":
                options.append({"name": option.name, "type": ROLE, "value": "66"})
            elif option.word.is_number:
                options.append(
                    {"name": option.name, "type": NUMBER, "value": dice.choice((5, 2.5, 0, -1, 1e30, 200.0))}
                )
            else:
                said = mutated_text(word, dice, PIECES) if dice.random() < 0.3 else word
                options.append({"name": option.name, "type": STRING, "value": said[:100]})
        told: Json = {"id": "9", "name": command.name, "type": 1, "options": options}
        if any(option["type"] == ROLE for option in options):
            told["resolved"] = {"roles": {"66": {**GUILD["roles"][0], "id": "66", "name": "traders"}}}
        return told

    def _typing(self, dice: Random) -> Json:
        command = dice.choice([one for one in dispatch.commands() if completed(one)])
        name, begun = dice.choice(completed(command)), mutated_text("BT", dice, PIECES)[:100]
        options = [{"name": name, "type": STRING, "value": begun, "focused": True}]
        return {"id": "9", "name": command.name, "type": 1, "options": options}

    def _press(self, dice: Random) -> Json:
        name = dice.choice(self._seen) if self._seen and dice.random() < 0.7 else self._made_up(dice)
        if dice.random() < 0.15:
            name = mutated_text(name, dice, ("seawall:=/regime", "seawall-panel:assets"))
        if name.startswith(("seawall:~", "seawall-panel:")) and not name.endswith(
            ("confirm", "preview", "_on", "_off")
        ):
            values = [
                dice.choice((dice.choice(PIECES), "BTC", "all", "66", "cascade", "warning"))
                for _ in range(dice.randrange(1, 3))
            ]
            return {"custom_id": name, "component_type": MENU, "id": 2, "values": list(dict.fromkeys(values))}
        return {"custom_id": name, "component_type": BUTTON, "id": 2}

    def _made_up(self, dice: Random) -> str:
        line = self._lines.line(dice)
        parts = (
            "assets",
            "kinds",
            "severity",
            "channel",
            "role",
            "ping_from",
            "confirm",
            "preview",
            "thread_on",
            "x",
        )
        mark = dice.choice(("", "=", "?", "!42", "~"))
        made = (
            f"seawall:{mark}{line}",
            f"seawall:~{line} asset=",
            f"seawall:?{line} leverage=",
            f"seawall-panel:{dice.choice(parts)}",
            "other",
        )
        return dice.choice(made)

    def _page(self, dice: Random) -> Json:
        command = dice.choice([command for command in dispatch.commands() if command.options])
        line = f"/{command.name}" if dice.randrange(2) else self._lines.line(dice)
        rows = [
            {"type": 18, "id": 1, "component": {"type": 4, "id": 2, "custom_id": option.name, "value": dice.choice((option.word.example, dice.choice(PIECES), ""))}}
            for option in command.options[:5]
        ]  # fmt: skip
        if dice.random() < 0.1:
            rows = [{"type": 1, "id": 1, "components": [row["component"]]} for row in rows]
        return {"custom_id": f"seawall-form:{line}", "components": rows}

    def _learn(self, requests: list[tuple[str, str, Any]]) -> None:
        """Whatever can be pressed will be."""
        for _, _, body in requests:
            inner = (
                body.get("data")
                if isinstance(body, Mapping) and isinstance(body.get("data"), Mapping)
                else body
            )
            found = _walk(inner.get("components") or []) if isinstance(inner, Mapping) else ()
            names = [part["custom_id"] for part in found if part.get("custom_id")]
            self._seen += names
            if "seawall-panel:confirm" in names and isinstance(inner, Mapping):
                self._panels = [*self._panels[-5:], inner["components"]]
        del self._seen[:-80]


def _bent(told: Json, dice: Random) -> Any:
    """The interaction mutated; not so the message whose button is pressed, which is ours as Discord keeps it."""
    message = told.pop("message", None)
    bent = mutated_json(told, dice, dice.randrange(1, 4))
    return {**bent, "message": message} if isinstance(bent, dict) and message is not None else bent


def completed(command: Command[Any]) -> list[str]:
    """The options whose words are offered while they are typed."""
    return [option.name for option in command.options if option.word.kind in SUGGESTED]


def check_request(method: str, path: str, body: Any) -> None:
    """What holds of every request, without Discord's own schemas. Raises Wrong."""
    if not isinstance(body, Mapping) or method == "PUT":
        return
    inner = body.get("data") if isinstance(body.get("data"), Mapping) else body
    assert isinstance(inner, Mapping)
    over = list(_over_limits(body))
    if over:
        raise Wrong(f"{path}: {over[0]}")
    parts = list(_walk(inner.get("components") or []))
    if units(inner.get("content") or "") > DISCORD_UNITS:
        raise Wrong(f"{path}: too long")
    if any(
        len(part.get("custom_id") or "") > LONGEST_ID or len(part.get("label") or "") > LONGEST_LABEL
        for part in parts
    ):
        raise Wrong(f"{path}: a button that Discord does not take")
    is_message = "webhooks/" in path or path.endswith("/messages") or body.get("type") == 4
    if is_message and not (words_of(inner).strip() or parts):
        raise Wrong(f"{path}: a message says nothing")


def _way(path: str) -> str:
    """A path in a word, without who and where."""
    return next((way for way in ("callback", "@original", "messages", "channels") if way in path), "followup")


def _pressed(data: Json) -> Json:
    if data["component_type"] == BUTTON:
        return {"type": BUTTON, "id": 2, "style": 2, "label": "x", "custom_id": data["custom_id"]}
    options = [{"label": value, "value": value, "default": True} for value in data["values"]]
    return {"type": MENU, "id": 2, "custom_id": data["custom_id"], "options": options}


def _in_guild(told: Json, user: Json, dice: Random) -> None:
    """Let it be done in a server: that of the bot, or one that it is not in."""
    name = dice.choice(("55", "55", "55", "999"))
    rights = dice.choice(("0", "32", "8", str(1 << 11)))
    told.pop("user")
    told |= {
        "context": 0, "guild_id": name, "guild": {"id": name, "features": [], "locale": "en-US"}, "guild_locale": "en-US",
        "authorizing_integration_owners": dice.choice(({"0": name}, {"1": user["id"]}, {"0": name, "1": user["id"]})),
        "channel": {"id": told["channel_id"], "type": dice.choice((0, 5, 11)), "guild_id": name, "name": "desk", "position": 0, "flags": 0, "permissions": rights,
                    "parent_id": None, "owner_id": "42", "message_count": 1, "member_count": 1, "rate_limit_per_user": 0,
                    "thread_metadata": {"archived": False, "auto_archive_duration": 60, "archive_timestamp": "2026-01-01T00:00:00+00:00", "locked": False}},
        "member": {"user": user, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "permissions": rights, "deaf": False, "mute": False,
                   "flags": 0, "nick": None, "avatar": None, "premium_since": None, "pending": False, "communication_disabled_until": None},
    }  # fmt: skip


def _socket(client: Client) -> GatewaySocket:
    """A connection as it is once it stands, through which frames come by hand."""
    socket = GatewaySocket(None, loop=asyncio.get_running_loop())  # type: ignore[arg-type]
    socket._connection = client._connection
    socket._discord_parsers = client._connection.parsers
    socket._dispatch = client.dispatch
    socket.shard_id = 0
    socket.sequence = socket.session_id = None
    return socket


def _me(client: Client) -> Any:
    return ClientUser(state=client._connection, data=ME)  # type: ignore[arg-type]
