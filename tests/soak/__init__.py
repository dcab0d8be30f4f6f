"""The soak: a simulated day at 200 times its speed, with faults of all kinds on all venues and cascades planted in it.

`make soak`, or `python -m tests.soak --seed 2 --hours 24 --speed 200 --faults 72`. The simulated exchanges run in a process
of their own, on real ports; the production side (LiveMarket, Collector, Timetable, a real Valkey) in this one.
"""
