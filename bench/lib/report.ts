/** What a benchmark prints and what it leaves behind for others to check. */
import { type Case, interleave, type Measured, type MeasureOptions } from "./measure.ts"

export interface Benchmark {
  /** The word after `make bench BENCH=`. */
  subject: string
  /** One sentence: what is measured on which data. */
  about: string
  run(this: void, report: Report): Promise<void>
}

/** A figure to reach: the ratio of two cases, or an absolute number of milliseconds. */
export interface Goal {
  name: string
  value: number
  limit: number
  /** "at most" unless told. */
  atLeast?: boolean
  unit?: string
}

export interface Recorded {
  groups: { title: string; cases: Measured[] }[]
  goals: (Goal & { reached: boolean })[]
  notRun: { name: string; why: string }[]
  facts: Record<string, string | number>
}

/** Milliseconds in the unit that reads best. */
export function formatTime(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toPrecision(4)} s`
  if (milliseconds >= 1) return `${milliseconds.toPrecision(4)} ms`
  return milliseconds >= 0.001
    ? `${(milliseconds * 1000).toPrecision(4)} us`
    : `${(milliseconds * 1e6).toPrecision(4)} ns`
}

const formatNumber = (value: number) => (Number.isInteger(value) ? String(value) : value.toPrecision(4))

export class Report {
  readonly recorded: Recorded = { groups: [], goals: [], notRun: [], facts: {} }

  /** Measures the cases of a group interleaved, prints a table with ratios to the first case, and returns the figures. */
  async measure(title: string, cases: readonly Case[], options: MeasureOptions = {}): Promise<Measured[]> {
    const measured = await interleave(cases, options)
    this.recorded.groups.push({ title, cases: measured })
    const base = measured[0]?.median ?? 0
    const width = Math.max(...measured.map(({ name }) => name.length))
    console.log(`\n${title}`)
    for (const { name, median, minimum, maximum } of measured) {
      const ratio = base > 0 ? `${(median / base).toFixed(2)}x` : "-"
      const range = `${formatTime(minimum)} - ${formatTime(maximum)}`
      console.log(`  ${name.padEnd(width)}  ${formatTime(median).padStart(10)}  ${ratio.padStart(9)}  (${range})`)
    }
    return measured
  }

  /** States a figure to reach and whether this run reached it. */
  goal(goal: Goal): void {
    const reached = goal.atLeast === true ? goal.value >= goal.limit : goal.value <= goal.limit
    this.recorded.goals.push({ ...goal, reached })
    const unit = goal.unit === undefined ? "" : ` ${goal.unit}`
    const bound = `${goal.atLeast === true ? ">=" : "<="} ${formatNumber(goal.limit)}${unit}`
    console.log(
      `  ${reached ? "reached" : "MISSED "}  ${goal.name}: ${formatNumber(goal.value)}${unit} (to reach ${bound})`,
    )
  }

  /** A fact that belongs to the figures: a row count, a version, a recall. */
  fact(name: string, value: string | number): void {
    this.recorded.facts[name] = value
    console.log(`  ${name}: ${typeof value === "number" ? formatNumber(value) : value}`)
  }

  /** A case or a peer that this machine cannot run. Nothing is ever quoted from memory instead. */
  notRun(name: string, why: string): void {
    this.recorded.notRun.push({ name, why })
    console.log(`  ${name}: not run (${why})`)
  }
}
