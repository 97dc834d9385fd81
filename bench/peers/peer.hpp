// The side of the protocol that every peer in C++ shares, see bench/lib/peer.ts.
// For each path on standard input: reads the graph there, times one call of `minimum_cut`
// from the arrays on, and answers "milliseconds value" in CPU time.
#pragma once
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

struct Graph {
  std::int32_t nodes = 0;
  std::vector<std::int32_t> source, target;
  std::vector<double> weight;
};

inline Graph read_graph(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Graph graph;
  std::int32_t edges = 0;
  file.read(reinterpret_cast<char*>(&graph.nodes), 4);
  file.read(reinterpret_cast<char*>(&edges), 4);
  graph.source.resize(edges);
  graph.target.resize(edges);
  graph.weight.resize(edges);
  file.read(reinterpret_cast<char*>(graph.source.data()), 4L * edges);
  file.read(reinterpret_cast<char*>(graph.target.data()), 4L * edges);
  file.read(reinterpret_cast<char*>(graph.weight.data()), 8L * edges);
  return graph;
}

template <class MinimumCut>
int serve(MinimumCut minimum_cut) {
  std::string path;
  while (std::getline(std::cin, path)) {
    const Graph graph = read_graph(path);
    const std::clock_t begin = std::clock();
    const double value = minimum_cut(graph);
    const double milliseconds = 1000.0 * double(std::clock() - begin) / CLOCKS_PER_SEC;
    std::printf("%.6f %.17g\n", milliseconds, value);
    std::fflush(stdout);
  }
  return 0;
}
