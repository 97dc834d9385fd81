// LEMON's HaoOrlin over the symmetric digraph.
#include <lemon/hao_orlin.h>
#include <lemon/smart_graph.h>

#include "peer.hpp"

int main() {
  return serve([](const Graph& input) {
    lemon::SmartDigraph graph;
    graph.reserveNode(input.nodes);
    graph.reserveArc(2 * input.source.size());
    for (int i = 0; i < input.nodes; i++) graph.addNode();
    lemon::SmartDigraph::ArcMap<double> weight(graph);
    for (std::size_t i = 0; i < input.source.size(); i++) {
      if (input.source[i] == input.target[i]) continue;
      const auto a = graph.nodeFromId(input.source[i]);
      const auto b = graph.nodeFromId(input.target[i]);
      weight[graph.addArc(a, b)] = input.weight[i];
      weight[graph.addArc(b, a)] = input.weight[i];
    }
    // Of an undirected graph, the cuts that leave the source are all cuts.
    lemon::HaoOrlin<lemon::SmartDigraph, lemon::SmartDigraph::ArcMap<double>> algorithm(graph, weight);
    algorithm.init();
    algorithm.calculateOut();
    return algorithm.minCutValue();
  });
}
