"""`python -m bot` is `seawall`."""

from bot.cli import main

main()
