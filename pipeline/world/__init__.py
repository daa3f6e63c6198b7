"""Data with facts that change, made before it is read.

Simulated worlds: people whose facts are told, changed, corrected and taken back, event by event. Corrections:
passages of real articles, of which a later text replaces an answer. `files.py` writes both into the raw
folder of a source, which the formats `simulated_world` and `corrected_squad` read.
"""
