"""compose.yaml and docs/scale.md: the parts they name are those there are, and the store has its users."""

import re
from pathlib import Path

from bot.app import DELIVERY, parts
from bot.evaluating import SCHEDULER

HOME = Path(__file__).parents[2]


def test_each_part_has_a_service_of_its_own_in_the_scaled_profile() -> None:
    text = (HOME / "compose.yaml").read_text()
    services = re.findall(
        r'^  (?:# )?(\w+):\n.*<<: \*bot\n.*profiles: \[scaled\]\n.*command: \["run", "--only", "(\w+)"\]',
        text,
        re.MULTILINE,
    )
    assert sorted(services) == sorted((part, part) for part in parts())
    replicas = re.findall(r'"--only", "(\w+)"\]\n.*replicas: (\d)', text)
    assert {part for part, count in replicas if int(count) > 1} >= {SCHEDULER, DELIVERY}


def test_the_store_has_users_and_the_bot_its_address_from_a_file() -> None:
    text = (HOME / "compose.yaml").read_text()
    assert "- --aclfile\n      - /run/secrets/valkey_acl" in text
    assert "SEAWALL_REDIS_URL_FILE: /run/secrets/redis_url" in text
    assert "redis://" not in text
    script = (HOME / "deploy/valkey/make-users.sh").read_text()
    for name in ("valkey.acl", "redis_url"):
        assert f"file: ./secrets/{name}" in text
        assert f'"$folder/{name}"' in script


def test_the_page_on_scale_speaks_of_every_part_and_of_what_it_would_take() -> None:
    text = (HOME / "docs/scale.md").read_text()
    for word in (*parts(), "Sentinel", "Cluster", "webhook", "shard", "rediss://", "make-users.sh"):
        assert word in text, word
