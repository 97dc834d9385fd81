/** The chapter about redundancy: where there are several ways round, the minimum cut is not the weakest edge. */
import type { Session } from "./database.ts"
import type { Stage } from "./stage.ts"

const COLLECTION = "redundant"

interface Graph {
  edges: { source: string; target: string; capacity: number; witness: boolean }[]
}

export async function redundancy(session: Session, stage: Stage): Promise<void> {
  stage.chapter("Where there is redundancy, the minimum cut is more than the weakest edge")
  await session.run(`select penstock.create_collection('${COLLECTION}', 3, index => 'none')`)
  const statements = [
    `select integrity.add_node('${COLLECTION}', 'gateway', 'embedder a')`,
    `select integrity.add_node('${COLLECTION}', 'gateway', 'embedder b')`,
    `select integrity.add_node('${COLLECTION}', 'gateway', 'queue')`,
    `select integrity.add_edge('${COLLECTION}', 'queue', 'embedder a', 'routing_link', 0.5)`,
    `select integrity.add_edge('${COLLECTION}', 'queue', 'embedder b', 'routing_link', 0.5)`,
    `select integrity.add_edge('${COLLECTION}', 'embedder a', 'embedder b', 'dependency', 0.2)`,
  ]
  for (const statement of statements) {
    stage.statement(statement)
    await session.run(statement)
  }
  await session.run(`select integrity.sample('${COLLECTION}')`)
  const graph = await session.value<Graph>("select integrity.contracted_graph($1)", [COLLECTION])
  stage.say(await session.value<string>("select integrity.graph_mermaid($1)", [COLLECTION]))
  const witness = graph.edges.filter((edge) => edge.witness)
  const cut = witness.reduce((sum, { capacity }) => sum + capacity, 0)
  const weakest = Math.min(...graph.edges.map(({ capacity }) => capacity))
  stage.say(`weakest edge ${weakest.toFixed(2)}, minimum cut ${cut.toFixed(2)} over ${witness.length} edges`)
  stage.check(
    "the minimum cut has several edges and is more than the weakest one",
    witness.length > 1 && cut > weakest,
    {
      weakest,
      cut,
      witness,
    },
  )
}
