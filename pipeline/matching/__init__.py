"""Answer matching: `match.matches_answer` decides whether a free reply gives a gold answer.

Words are compared as `normalize_words` writes them, in each of the `answer_variants`, where the reply asserts
something (`assertions`).
"""
