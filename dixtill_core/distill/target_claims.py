"""Which process computes which shard, where several want the same ones: each shard is claimed by one of them.

Processes that begin together so share the work and go on together. A claim is a lock on a file (see `dixtill_core.lock`),
so that the claim of a process that was killed is free at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dixtill_core.distill.target_keys import text_keys
from dixtill_core.distill.target_missing import MissingTexts
from dixtill_core.distill.target_shards import ShardFolder, shard_name
from dixtill_core.lock import Claim

ELSEWHERE = 0
"""Among numbers of finished texts: all that is left is being computed by other processes."""
LOOK_SECONDS = 0.2
"""Between two looks at what other processes compute."""


@dataclass(frozen=True, eq=False)
class ClaimedShard:
    """Texts to compute, which nobody else computes until the claim is let go."""

    name: str
    texts: list[str]
    claim: Claim


def claim_shards(missing: MissingTexts, shards: ShardFolder) -> Iterator[ClaimedShard | int]:
    """Yield every shard that nobody else computes; of those that others do, how many texts they have just finished.

    Yields `ELSEWHERE` where nothing is left but what others compute: wait a moment before asking again. Whoever asks lets
    go of each claim once the shard is written.
    """
    fresh = ((shard_name(text_keys(texts)), texts) for texts in missing)
    elsewhere: dict[str, list[str]] = {}
    """A shard or two for each other process: whatever it has finished goes before the next fresh one."""
    while True:
        for name, texts in list(elsewhere.items()):
            if (found := _look(shards, name, texts)) is not None:
                del elsewhere[name]
                yield found
        name, texts = next(fresh, ("", []))
        if texts:
            if (found := _look(shards, name, texts)) is None:
                elsewhere[name] = texts
            else:
                yield found
        elif elsewhere:
            yield ELSEWHERE
        else:
            return


def _look(shards: ShardFolder, name: str, texts: list[str]) -> ClaimedShard | int | None:
    """The shard, claimed; how many texts it has, where it is there; None where another process computes it."""
    if shards.has(name):
        return len(texts)
    claim = shards.claim(name)
    if claim is None:
        return None
    if shards.has(name):  # Written between the two looks.
        claim.release()
        return len(texts)
    return ClaimedShard(name, texts, claim)
