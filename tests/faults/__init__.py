"""Kills and faults of the machine at any moment of any stage, by `make faults`.

After each, the stage is run to its end, and its output must be that of an undisturbed run, byte for byte.
"""
