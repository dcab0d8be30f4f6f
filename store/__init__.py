"""The one owner of Redis: keys, codecs and time to live."""
