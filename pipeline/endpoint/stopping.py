"""The error after which nothing more is asked."""


class StopAskingError(Exception):
    """Nothing more can, or may, be asked: why, and what a person can do about it."""

    def __init__(self, why: str, what_to_do: str) -> None:
        super().__init__(why)
        self.what_to_do = what_to_do
