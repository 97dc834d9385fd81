"""igraph's mincut over real weights."""

import igraph
import numpy as np
from peer import serve


def solve(n, source, target, weight):
    graph = igraph.Graph(n=n, edges=np.column_stack([source, target]))
    return float(graph.mincut(capacity=weight.tolist()).value)


serve(solve)
