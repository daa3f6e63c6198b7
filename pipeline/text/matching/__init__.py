"""Whether a free reply gives a gold answer: `giving.gives`.

Words are compared as `spelling` writes them, in the `ways` in which an answer may be written, where the reply
`claims` something.
"""
