"""What processes use: processor time and memory."""

from collections.abc import Iterable

import psutil

_MIB = 2**20


def family(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and everything it started."""
    return [process, *process.children(recursive=True)]


def processor_s(processes: Iterable[psutil.Process]) -> float:
    """Return the processor time that they have used."""
    times = [each.cpu_times() for each in processes]
    return float(sum(each.user + each.system for each in times))


def memory_mib(process: psutil.Process) -> float:
    """Return what a process has for itself, with its part of what it shares (PSS); macOS tells only the former.

    Forked processes share most of what they have: a sum of their resident sizes would count that once for each.
    """
    memory = process.memory_full_info()
    return float(getattr(memory, "pss", memory.uss)) / _MIB


def resident_mib(process: psutil.Process) -> float:
    """Return the resident size, what is shared included."""
    return float(process.memory_info().rss) / _MIB
