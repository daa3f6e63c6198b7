"""Cloze questions in other languages than English, by rules over the data of `pipeline.text.languages`."""
