"""The names under which other projects import memcurate."""
