"""Journeys on Telegram: the real library over real HTTP, the real store and post office, and people who do things."""
