"""What a start spares: libraries that nobody needs, roots that verify nobody, and looks for rubbish."""

import gc
import subprocess
import sys

import certifi

from bot.collection import held_off, settle

UNUSED = ("market.state", "market.signals", "scheduler.engine", "scheduler.fetch")
SPARED = """
import ssl, sys
from bot.collection import spare
spare()
print(sorted({"rich", "pygments", "click"} & sys.modules.keys()))
from aiohttp import connector
print(*[context.cert_store_stats()["x509_ca"] for context in (connector._SSL_CONTEXT_VERIFIED, connector._SSL_CONTEXT_UNVERIFIED)])
later = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
later.check_hostname, later.verify_mode = False, ssl.CERT_NONE
later.set_default_verify_paths()
print(later.cert_store_stats()["x509_ca"])
import click
"""


def test_roots_of_trust_are_read_for_what_verifies_and_nobody_is_hidden_for_good() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPARED],
        capture_output=True,
        text=True,
        check=False,
        env={"SSL_CERT_FILE": certifi.where()},
    )
    spared, roots, later = done.stdout.splitlines()
    verified, unverified = map(int, roots.split())
    assert (spared, unverified, done.stderr) == ("[]", 0, "")
    assert verified == int(later) > 0


def test_a_start_is_left_alone_until_it_has_settled() -> None:
    before = gc.get_threshold()
    try:
        with held_off():
            assert not gc.isenabled()
            settle()
            assert gc.isenabled()
            assert gc.get_freeze_count() > 0
        with held_off():
            assert not gc.isenabled()
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_a_process_that_only_chats_loads_no_windows_of_the_market() -> None:
    chatting = "import bot.app, bot.platforms.telegram.service, bot.platforms.discord.service, sys; from commands.protocol import dispatch; dispatch.commands()"
    done = subprocess.run(
        [sys.executable, "-c", f"{chatting}; print([name for name in sys.modules if name in {UNUSED}])"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
