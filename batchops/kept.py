"""Keep what was reckoned, until what it was reckoned from has changed."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Kept(Generic[Found]):
    """The answers to the `most` last questions of one kind; each process has its own."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, tuple[object, Found]] = OrderedDict()

    def get(self, question: Hashable, *, stamp: object, reckon: Callable[[], Found]) -> Found:
        """Return the answer of this `stamp`; what `reckon` gives when none is kept.

        A stamp is another when anything is that the answer hangs on.
        """
        stamped = self._answers.pop(question, None)
        if stamped is None or stamped[0] != stamp:
            stamped = stamp, reckon()
        self._answers[question] = stamped
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)
        return stamped[1]
