"""A clinic's year from one seed: acts, faults and clocks are simulated in one thread, and replayed by the seed.

The same acts are played twice, in quiet and under faults; both must end in the same ledger, and in that of a model.
"""
