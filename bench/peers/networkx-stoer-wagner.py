"""networkx's stoer_wagner, in plain Python."""

import networkx
from peer import serve


def solve(n, source, target, weight):
    graph = networkx.Graph()
    graph.add_nodes_from(range(n))
    for a, b, w in zip(source.tolist(), target.tolist(), weight.tolist()):
        if a == b:
            continue
        if graph.has_edge(a, b):
            graph[a][b]["weight"] += w
        else:
            graph.add_edge(a, b, weight=w)
    return float(networkx.stoer_wagner(graph)[0])


serve(solve)
