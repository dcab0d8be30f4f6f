"""What the numbers say: arithmetic only, with no network, no Redis and no clock of its own."""
