/** Minimum cut and lambda2: ours, from typed arrays on, against what the machine has. */
import { lambda2 } from "../plv8-src/graph/lambda2.ts"
import { minCut } from "../plv8-src/graph/min-cut.ts"
import { cutGraphs } from "./lib/cut-graphs.ts"
import type { Case, Measured } from "./lib/measure.ts"
import { type GraphArrays, Peer, type PeerAnswer, pythonHas, Workplace } from "./lib/peer.ts"
import type { Benchmark, Report } from "./lib/report.ts"

/** A peer slower than this, in milliseconds, is measured by the one call that showed it. */
const SLOW = 1_500
/** What a peer may take at all. */
const LIMIT = 20_000

/** CPU milliseconds of one call, several calls a sample where one is short. */
const cpuTimed = (name: string, call: () => unknown): Case => {
  for (let i = 0; i < 20; i++) call()
  const begin = performance.now()
  call()
  const repeats = Math.max(1, Math.min(200, Math.floor(5 / (performance.now() - begin))))
  return {
    name,
    run: () => {
      const start = process.cpuUsage()
      for (let i = 0; i < repeats; i++) call()
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1000 / repeats
    },
  }
}

interface Candidate {
  readonly peer: Peer
  /** Larger graphs take it minutes. */
  readonly maxEdges: number
  /** It does not return on many graphs with real weights, where its sums are rounded. */
  readonly wholeWeights?: boolean
  readonly maxNodes?: number
}

const cutPeers = (report: Report, place: Workplace): Candidate[] => {
  const found: Candidate[] = []
  const compiled: readonly (readonly [name: string, apt: string, maxEdges: number, libraries: readonly string[]])[] = [
    ["lemon-nagamochi-ibaraki", "liblemon-dev", 600_000, []],
    ["lemon-hao-orlin", "liblemon-dev", 600_000, ["-llemon"]],
    ["boost-stoer-wagner", "libboost-graph-dev", 6_000, []],
  ]
  for (const [name, apt, maxEdges, libraries] of compiled) {
    const built = place.compile(name, libraries)
    if ("program" in built)
      found.push({ peer: new Peer(name, built.program), maxEdges, wholeWeights: name.startsWith("lemon-n") })
    else report.notRun(name, `${built.error.slice(0, 100)}; apt package ${apt}, and a C++ compiler`)
  }
  const python: readonly (readonly [module: string, name: string, apt: string, maxEdges: number])[] = [
    ["igraph", "igraph-mincut", "python3-igraph", 6_000],
    ["networkx", "networkx-stoer-wagner", "python3-networkx", 3_000],
  ]
  for (const [module, name, apt, maxEdges] of python) {
    if (pythonHas(`${module}, numpy`)) found.push({ peer: new Peer(name, "python3", [`${name}.py`]), maxEdges })
    else report.notRun(name, `apt packages ${apt} and python3-numpy`)
  }
  report.notRun("VieCut", "no distribution packages it")
  report.notRun("lemon-nagamochi-ibaraki on real weights", "it does not return on many of them")
  for (const { peer, maxEdges } of found)
    if (maxEdges < 100_000) report.notRun(`${peer.name} above ${maxEdges} edges`, "seconds to minutes a call")
  return found
}

const spectrumPeers = (report: Report): Candidate[] => {
  if (!pythonHas("scipy.sparse.linalg, numpy")) {
    report.notRun("scipy", "apt package python3-scipy")
    return []
  }
  return ["eigh", "eigsh-sm", "eigsh-shift", "lobpcg"].map((method) => ({
    peer: new Peer(`scipy ${method}`, "python3", ["scipy-lambda2.py", method]),
    maxEdges: 600_000,
    maxNodes: method === "eigh" ? 1000 : 10_000,
  }))
}

/** Times ours and every peer on one graph; returns ours and the fastest peer that answers right. */
const compare = async (
  report: Report,
  title: string,
  ours: Case & { value: number },
  candidates: readonly Candidate[],
  place: Workplace,
  graph: GraphArrays,
  tolerance: number,
): Promise<{ ours: Measured; best: number | undefined }> => {
  const path = place.write("graph", graph)
  const cases: Case[] = []
  const slow: (readonly [string, PeerAnswer])[] = []
  const wrong: string[] = []
  for (const { peer, maxEdges, maxNodes = Infinity, wholeWeights = false } of candidates) {
    if (graph.source.length > maxEdges || graph.nodeCount > maxNodes) continue
    if (wholeWeights && !graph.weight.every(Number.isInteger)) continue
    const first = await peer.run(path, LIMIT)
    if (first === undefined) {
      wrong.push(`${peer.name} failed or took longer than ${LIMIT / 1000} s`)
      continue
    }
    const error = Math.abs(first.value - ours.value) / ours.value
    if (!(error <= tolerance)) wrong.push(`${peer.name} answers ${first.value}, ours ${ours.value}`)
    if (first.milliseconds > SLOW) slow.push([peer.name, first])
    else cases.push({ name: peer.name, run: async () => (await peer.run(path, LIMIT))?.milliseconds })
  }
  const measured = await report.measure(`${title} (CPU time)`, [ours, ...cases])
  for (const [name, { milliseconds }] of slow) report.fact(`  ${name}, one call, ms`, milliseconds)
  for (const text of wrong) console.log(`  note: ${text}`)
  const right = measured.slice(1).filter(({ name }) => !wrong.some((text) => text.startsWith(`${name} `)))
  const times = [
    ...right.map(({ median }) => median),
    ...slow
      .filter(([name]) => !wrong.some((text) => text.startsWith(`${name} `)))
      .map(([, answer]) => answer.milliseconds),
  ]
  return { ours: measured[0]!, best: times.length === 0 ? undefined : Math.min(...times) }
}

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

const benchmark: Benchmark = {
  subject: "cuts",
  about:
    "minimum cut and lambda2 of fixed graphs, typed arrays in, checks, canonical choice and witness included; CPU time, one thread",
  async run(report) {
    const place = new Workplace()
    const cutters = cutPeers(report, place)
    const spectral = spectrumPeers(report)
    try {
      const cutRatios: { nodes: number; edges: number; ratio: number }[] = []
      const spectrumRatios: number[] = []
      /** Ours alone, whether a peer was there to compare or not. */
      let worstSmall = 0
      for (const { name, graph: make } of cutGraphs) {
        const graph = make()
        const { nodeCount } = graph
        const edges = graph.source.length
        const title = `${name}, ${edges} edges`
        const cut = await compare(
          report,
          `minimum cut: ${title}`,
          { ...cpuTimed("ours", () => minCut(nodeCount, graph)), value: minCut(nodeCount, graph)!.cutValue },
          cutters,
          place,
          graph,
          1e-9,
        )
        if (nodeCount <= 1000) worstSmall = Math.max(worstSmall, cut.ours.median)
        if (cut.best !== undefined) cutRatios.push({ nodes: nodeCount, edges, ratio: cut.ours.median / cut.best })
        if (nodeCount > 10_000) continue
        const spectrum = await compare(
          report,
          `lambda2: ${title}`,
          { ...cpuTimed("ours", () => lambda2(nodeCount, graph)), value: lambda2(nodeCount, graph)! },
          spectral,
          place,
          graph,
          1e-7,
        )
        if (spectrum.best !== undefined) spectrumRatios.push(spectrum.ours.median / spectrum.best)
      }
      const middle = cutRatios.filter(({ nodes, edges }) => nodes <= 1000 && edges >= 1000)
      console.log("\nover all graphs")
      if (cutRatios.length > 0) {
        const ratios = cutRatios.map(({ ratio }) => ratio)
        report.goal({
          name: "minimum cut, geometric mean of ours / fastest peer",
          value: geometricMean(ratios),
          limit: 0.5,
        })
        if (middle.length > 0)
          report.goal({
            name: "minimum cut, worst ours / fastest peer, n <= 1000 and m >= 1000",
            value: Math.max(...middle.map(({ ratio }) => ratio)),
            limit: 1,
          })
      }
      report.goal({ name: "minimum cut, worst time at n <= 1000", value: worstSmall, limit: 15, unit: "ms" })
      if (spectrumRatios.length > 0)
        report.goal({
          name: "lambda2, geometric mean of ours / fastest scipy method",
          value: geometricMean(spectrumRatios),
          limit: 0.7,
        })
    } finally {
      for (const { peer } of [...cutters, ...spectral]) peer.close()
      place.close()
    }
  },
}
export default benchmark
