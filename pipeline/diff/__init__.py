"""Two versions of the dataset compared row by row: which rows were added, removed, changed or moved, and why.

Rows are identified by their ids. A removed row and an added row are paired as one changed row where both have
the same match key: of an instance its document and index, of a chunk also its own index, of a question its
document and text. Ids, match keys and counts are read of all rows, texts only of the sampled rows.
"""
