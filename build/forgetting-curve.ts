/**
 * Draws docs/forgetting-curve.svg: the probability that a memory is recalled over a year, never
 * reviewed again and reviewed whenever it is due. `node --import tsx build/forgetting-curve.ts`
 * writes it anew; a test compares.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { retrievability } from "../plv8-src/memory/forgetting.ts"
import { review, type Scheduling } from "../plv8-src/memory/scheduling.ts"
import { defaultSettings } from "../plv8-src/memory/settings.ts"
import { root } from "./root.ts"

const days = 365
const width = 720
const height = 320
const margin = { left: 48, right: 16, top: 32, bottom: 40 }
/** The lowest probability in the picture. */
const floor = 0.5
const day = 86_400_000
const decay = defaultSettings.weights[20] ?? 0

const x = (at: number): number => margin.left + (at / days) * (width - margin.left - margin.right)
const y = (r: number): number => margin.top + ((1 - r) / (1 - floor)) * (height - margin.top - margin.bottom)

/** Probability of recall on each day when the memory is rated good on the day it is due, up to `reviews` times. */
const history = (reviews: number): number[] => {
  let scheduling: Scheduling = {
    state: "new",
    stability: 0,
    difficulty: 0,
    next_review: new Date(0),
    last_review: null,
    reps: 0,
    lapses: 0,
    scheduled_days: 0,
    learning_steps: 0,
  }
  /* The learning steps of the first minutes come first. */
  for (
    let now = 0;
    scheduling.state === "new" || scheduling.state === "learning";
    now = scheduling.next_review.getTime()
  ) {
    scheduling = review(scheduling, 3, new Date(now), defaultSettings)
  }
  let left = reviews
  return Array.from({ length: days + 1 }, (_, at) => {
    const since = Math.floor((at * day + day - 1 - (scheduling.last_review?.getTime() ?? 0)) / day)
    const r = retrievability(since, scheduling.stability, decay)
    if (left > 0 && scheduling.next_review.getTime() < (at + 1) * day) {
      scheduling = review(scheduling, 3, new Date(at * day + day - 1), defaultSettings)
      left--
    }
    return r
  })
}

const curve = (values: readonly number[], color: string): string => {
  const points = values.map((r, at) => `${x(at).toFixed(1)},${y(Math.max(r, floor)).toFixed(1)}`)
  return `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points.join(" ")}"/>`
}

const label = (text: string, left: number, top: number, more = ""): string =>
  `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}" ${more}>${text}</text>`

/** The picture, the same bytes each time. */
export const forgettingCurve = (): string => {
  const grid = [0.5, 0.6, 0.7, 0.8, 0.9, 1].flatMap((r) => [
    `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(r).toFixed(1)}" y2="${y(r).toFixed(1)}" stroke="#ddd"/>`,
    label(r.toFixed(1), margin.left - 8, y(r) + 4, 'text-anchor="end"'),
  ])
  const ticks = [0, 60, 120, 180, 240, 300, 360].map((at) =>
    label(String(at), x(at), height - 20, 'text-anchor="middle"'),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...grid,
    ...ticks,
    label("days", (width + margin.left) / 2, height - 4, 'text-anchor="middle"'),
    label("probability of recall", margin.left, 16),
    curve(history(0), "#c0392b"),
    curve(history(days), "#2471a3"),
    label("learnt once, never reviewed", x(110), y(0.72), 'fill="#c0392b"'),
    label("reviewed (good) whenever due", x(170), y(0.965), 'fill="#2471a3"'),
    "</svg>",
    "",
  ].join("\n")
}

export const picturePath = join(root, "docs/forgetting-curve.svg")

if (process.argv[1]?.endsWith("forgetting-curve.ts") === true) writeFileSync(picturePath, forgettingCurve())
