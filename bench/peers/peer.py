"""The side of the protocol that every peer in Python shares, see bench/lib/peer.ts."""

import sys
import time

import numpy as np


def serve(solve):
    """For each path on standard input: reads the graph, times solve(n, source, target, weight) in CPU time."""
    for line in sys.stdin:
        data = open(line.strip(), "rb").read()
        n, m = np.frombuffer(data, "<i4", 2)
        source = np.frombuffer(data, "<i4", m, 8)
        target = np.frombuffer(data, "<i4", m, 8 + 4 * m)
        weight = np.frombuffer(data, "<f8", m, 8 + 8 * m)
        begin = time.process_time()
        value = solve(int(n), source, target, weight)
        print(f"{1000 * (time.process_time() - begin):.6f} {value!r}", flush=True)
