/**
 * `make bench-attacks`: attacks on the tokens of sealed collections, and what they give. The
 * figure is the cosine between recovered and true vectors, mean over fresh ones: 1 is
 * everything, 1 / sqrt(dimensions) is chance. Prints the table of docs/sealed.md.
 */
import { presets, type Preset } from "../../plv8-src/sealed/options.ts"
import { Mixture } from "../lib/vectors.ts"
import { matchTokens } from "./matching.ts"
import { averaged, fitRotation } from "./procrustes.ts"
import { dot, mean, type Rows, unit, unrotate, Victim } from "./victim.ts"

const seed = 20_261_128
const fresh = 200
const presetNames = Object.keys(presets) as Preset[]
const dimensionList = [384, 768, 1536, 3072] as const

const sample = (dimensions: number, count: number, from = seed): Float32Array[] => {
  const mixture = new Mixture({ seed: from, dimensions })
  return Array.from({ length: count }, () => mixture.next().vector)
}
const units = (vectors: readonly Float32Array[]): Float64Array[] => vectors.map(unit)
const score = (recovered: Rows, truth: Rows): number =>
  mean(recovered.map((vector, i) => dot(vector, truth[i] as Float64Array)))

const print = (title: string, head: readonly string[], rows: readonly (readonly (string | number)[])[]): void => {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => (typeof cell === "number" ? cell.toFixed(3) : cell)).join(" | ")} |`
  console.log(`\n${title}\n\n${line(head)}\n${line(head.map(() => "---"))}\n${rows.map(line).join("\n")}`)
}

/** Known pairs: m vectors that the attacker had embedded and whose tokens he sees. */
const knownPairs = (): void => {
  const d = 384
  const counts = [d / 2, d, 2 * d, 4 * d]
  const known = sample(d, Math.max(...counts))
  const unseen = sample(d, Math.max(...counts) + fresh).slice(-fresh)
  const truth = units(unseen)
  const rows = [
    ...presetNames.map((noise) => [noise, { noise }] as const),
    ["bits, standard", { level: "bits" }] as const,
  ].map(([name, options]) => {
    const victim = new Victim(d, options, 1)
    const tokens = victim.tokens(known)
    const target = victim.tokens(unseen)
    const cells = counts.map((m) => {
      const rotation = fitRotation(units(known.slice(0, m)), tokens.slice(0, m))
      return score(unrotate(rotation, target), truth)
    })
    return [name, ...cells, score(unrotate(victim.rotation(), target), truth)]
  })
  print(
    `m known pairs (Procrustes), ${d} dimensions`,
    ["tokens", ...counts.map((m) => `m = ${m}`), "rotation known"],
    rows,
  )
}

/** With the rotation known only the noise is left. */
const noiseAlone = (): void => {
  const rows = presetNames.map((noise) => [
    noise,
    ...dimensionList.map((d) => {
      const unseen = sample(d, fresh)
      const victim = new Victim(d, { noise }, 1)
      return score(unrotate(victim.rotation(), victim.tokens(unseen)), units(unseen))
    }),
  ])
  print("rotation known: what the noise alone hides", ["noise", ...dimensionList.map(String)], rows)
}

/** Old tables kept: one noise for each generation of the key, or for each preset under one root. */
const averaging = (): void => {
  const d = 1536
  const unseen = sample(d, fresh)
  const recover = (noise: Preset, fill: number) => {
    const victim = new Victim(d, { noise }, fill)
    return unrotate(victim.rotation(), victim.tokens(unseen))
  }
  const truth = units(unseen)
  const rows = presetNames.map((noise) => [
    noise,
    ...[1, 2, 4, 8].map((generations) =>
      score(averaged(Array.from({ length: generations }, (_, i) => recover(noise, i + 1))), truth),
    ),
  ])
  print(
    `tables of g generations of the key, every rotation known, ${d} dimensions`,
    ["noise", "g = 1", "g = 2", "g = 4", "g = 8"],
    rows,
  )
  const mixed = averaged(presetNames.map((noise) => recover(noise, 1)))
  console.log(
    `\none table for each preset under one root, averaged: ${score(mixed, truth).toFixed(3)} (light alone ${score(recover("light", 1), truth).toFixed(3)})`,
  )
}

/** No pair at all, but public vectors: the very texts, or others of the same kind. */
const matching = (): void => {
  const d = 192
  const count = 500
  const hidden = sample(d, count)
  const truth = units(hidden)
  const samples = [
    ["the very same vectors, shuffled", hidden.map((_, i) => (i * 263 + 17) % count), hidden],
    ["others of the same distribution", undefined, sample(d, 2 * count).slice(count)],
    ["vectors of another distribution", undefined, sample(d, count, seed + 1)],
  ] as const
  const rows = samples.flatMap(([name, order, others]) =>
    (["light", "standard", "strong"] as const).map((noise) => {
      const tokens = new Victim(d, { noise }, 1).tokens(hidden)
      const open = units(order === undefined ? others : order.map((i) => hidden[i] as Float32Array))
      const { vectorOf, recovered } = matchTokens(tokens, open)
      const right =
        order === undefined
          ? "-"
          : `${((100 * vectorOf.filter((at, token) => order[at] === token).length) / count).toFixed(1)} %`
      return [name, noise, right, score(recovered, truth)]
    }),
  )
  print(
    `no known pair: matching ${count} tokens to public vectors, ${d} dimensions`,
    ["public sample", "noise", "tokens matched rightly", "cosine"],
    rows,
  )
}

console.log(
  `data: ${new Mixture({ seed, dimensions: 64 }).name}; ${fresh} fresh vectors; chance is 1 / sqrt(dimensions), about 0 on the mean`,
)
for (const attack of [noiseAlone, knownPairs, averaging, matching]) attack()
