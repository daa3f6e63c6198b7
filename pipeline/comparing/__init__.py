"""Two versions of the dataset compared row by row: what came, went, changed or moved, and why.

Rows are known by their ids. A row that went and one that came are one that changed where both have the same
place: of an instance its document and ordinal, of a chunk the same with its own ordinal, of a question its
document and text. Only ids, places and counts are read of all rows, and texts of the few that are shown.
"""
