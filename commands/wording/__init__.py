"""Numbers into sentences: what an answer and an alert say."""
