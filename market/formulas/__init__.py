"""The closed formulas of the trade as pure functions: no state but what is passed, no threshold, no clock.

Every function states its units and the section of the quantitative definitions it comes from; thresholds and windows
are arguments, their values live in market/rules.py.
"""
