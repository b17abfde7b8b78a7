"""Python's garbage collector, set for a process that lives long. Standard library only.

Observation: a delivery makes hundreds of small objects that end with it, and by default every 700
of them start a collection, now and then of the whole heap, a hundred thousand modules' and
classes' objects that never end. That was a tenth to a fifth of a delivery's time. Rule: what is
there when the program has started is not looked at again, and collections are rarer. Rejected:
no collector at all, as tasks and their errors refer to each other in circles.
"""

import gc

THRESHOLDS = (20_000, 20, 100)


def relax() -> None:
    """To be called once, when everything is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
