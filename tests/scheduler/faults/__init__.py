"""The failure catalogue of exchange data (reliability.md 2.A), end to end: simulated venues, collector, condenser, engine.

Each row is shown here with its stated assertion; what is beside it shows its parts.

| row | end to end, in this folder | its parts |
|---|---|---|
| A1 429 | test_a1_to_a4_asking | fetch/test_rate_limits, fetch/test_budgets |
| A2 418 | test_a1_to_a4_asking | fetch/test_rate_limits |
| A3 5xx, HTML | test_a1_to_a4_asking | fetch/test_failing_venues |
| A4 slow, endless, bomb | test_a1_to_a4_asking | fetch/test_failing_venues |
| A5 wrong shape, NaN, null | test_a5_to_a8_values | fetch/test_unusable_answers, exchanges/* |
| A6 impossible values | test_a5_to_a8_values | condense/test_price, test_open_interest, test_funding, test_liquidations |
| A7 order, duplicates, replays | test_a5_to_a8_values | condense/test_price, test_open_interest, test_liquidations |
| A8 clocks | test_a5_to_a8_values | condense/test_price |
| A9 delisted, new | test_a9_to_a11_contracts | collect/test_listings, fetch/test_unusable_answers |
| A10 funding interval | test_a9_to_a11_contracts | condense/test_funding |
| A11 contract size | test_a9_to_a11_contracts | condense/test_open_interest |
| A12 connections that break | test_a12_to_a16_listening | streams/test_reconnecting |
| A13 silence | test_a12_to_a16_listening | streams/test_watching, streams/test_venues |
| A14 frozen | test_a12_to_a16_listening | condense/test_price, condense/test_liquidations |
| A15 storm | test_a12_to_a16_listening | streams/test_storm (two hundred streams) |
| A16 all gone | test_a12_to_a16_listening | condense/test_honesty |

That a resolved warning is never caused by missing data: test_missing_data_resolves_nothing, market/test_alerts, condense/
test_honesty. All of it for a simulated day, in two processes and in accelerated real time: tests/soak.
"""
