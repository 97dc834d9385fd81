// Boost's stoer_wagner_min_cut. Boost 1.74 is known to answer too high on some graphs.
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/stoer_wagner_min_cut.hpp>
#include <boost/version.hpp>

#include "peer.hpp"

int main() {
  using boost::undirectedS;
  using boost::vecS;
  using Undirected =
      boost::adjacency_list<vecS, vecS, undirectedS, boost::no_property, boost::property<boost::edge_weight_t, double>>;
  return serve([](const Graph& input) {
    Undirected graph(input.nodes);
    for (std::size_t i = 0; i < input.source.size(); i++)
      if (input.source[i] != input.target[i]) boost::add_edge(input.source[i], input.target[i], input.weight[i], graph);
    return boost::stoer_wagner_min_cut(graph, boost::get(boost::edge_weight, graph));
  });
}
