// LEMON's NagamochiIbaraki over real weights.
#include <lemon/nagamochi_ibaraki.h>
#include <lemon/smart_graph.h>

#include "peer.hpp"

int main() {
  return serve([](const Graph& input) {
    lemon::SmartGraph graph;
    graph.reserveNode(input.nodes);
    graph.reserveEdge(input.source.size());
    for (int i = 0; i < input.nodes; i++) graph.addNode();
    lemon::SmartGraph::EdgeMap<double> weight(graph);
    for (std::size_t i = 0; i < input.source.size(); i++)
      if (input.source[i] != input.target[i])
        weight[graph.addEdge(graph.nodeFromId(input.source[i]), graph.nodeFromId(input.target[i]))] = input.weight[i];
    lemon::NagamochiIbaraki<lemon::SmartGraph, lemon::SmartGraph::EdgeMap<double>> algorithm(graph, weight);
    algorithm.run();
    return algorithm.minCutValue();
  });
}
