"""Recording: what exchanges said, kept byte for byte, and read back through the readers that understood it the first time."""

from scheduler.recording.lines import Answer, Frame, Kept, Opening
from scheduler.recording.reading import NotARecording, read_recording
from scheduler.recording.understanding import Understood, understand
from scheduler.recording.writing import FREE_FLOOR_BYTES, Recording, RecordingFailed, Tally

__all__ = [
    "FREE_FLOOR_BYTES",
    "Answer",
    "Frame",
    "Kept",
    "NotARecording",
    "Opening",
    "Recording",
    "RecordingFailed",
    "Tally",
    "Understood",
    "read_recording",
    "understand",
]
