/** Progress of long work on standard error: done/total, rate and time left. */
export interface Progress {
  /** `total` where it has grown since the start. */
  update(done: number, total?: number): void
  finish(): void
}

const BAR = 24
const REDRAW_MS = 100
/** On something other than a terminal a line now and then is enough. */
const LINE_MS = 5000

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-"
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

export function startProgress(label: string, total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  const started = performance.now()
  const isTerminal = stream.isTTY
  let drawn = 0
  let done = 0
  const line = () => {
    const seconds = (performance.now() - started) / 1000
    const rate = seconds > 0 ? done / seconds : 0
    const filled = Math.round((BAR * done) / Math.max(total, 1))
    const bar = `${"#".repeat(filled)}${".".repeat(BAR - filled)}`
    const left = done === total ? `in ${duration(seconds)}` : `${duration((total - done) / rate)} left`
    return `${label} [${bar}] ${done}/${total}  ${Math.round(rate)}/s  ${left}`
  }
  const draw = (force: boolean) => {
    const now = performance.now()
    if (!force && now - drawn < (isTerminal ? REDRAW_MS : LINE_MS)) return
    drawn = now
    stream.write(isTerminal ? `\r\x1b[K${line()}` : `${line()}\n`)
  }
  return {
    update(value, grown = total) {
      done = value
      total = grown
      draw(false)
    },
    finish() {
      draw(true)
      if (isTerminal) stream.write("\n")
    },
  }
}
