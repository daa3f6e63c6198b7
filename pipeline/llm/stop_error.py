"""The error after which no more requests are sent."""


class RequestsStoppedError(Exception):
    """The error that no more requests can or may be sent."""

    def __init__(self, reason: str, advice: str) -> None:
        """Keep the reason, and the advice what a person can do about it."""
        super().__init__(reason)
        self.advice = advice
