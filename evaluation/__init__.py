"""The study behind docs/evaluation.md: `python -m evaluation` (make evaluation) on recorded history, from seeds written down."""
