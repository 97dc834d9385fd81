/**
 * An embedder behind any HTTP endpoint that speaks OpenAI's embeddings API:
 * POST {model, input: [texts]} answers {data: [{index, embedding}]}.
 */
import type { Embedder } from "./embedder.ts"

export interface EndpointOptions {
  /** The full address; `/embeddings` is appended when the path does not end with it. */
  url: string
  model: string
  apiKey?: string
  /** Texts a request, at most; default 64. */
  batchSize?: number
  /** Tries of one request in all, at least 1; default 4. Only 408, 429, 5xx and broken connections are tried again. */
  attempts?: number
  /** First pause between two tries in milliseconds, doubled each time unless the server says Retry-After; default 500. */
  pauseMs?: number
  /** Requests begun a minute, at most, tries included; default without limit. */
  requestsPerMinute?: number
  /** Longest wait for one answer in milliseconds; default 60000. */
  timeoutMs?: number
}

/** The endpoint answered with something other than embeddings. `status` is the HTTP status, 0 when there was none. */
export class EmbeddingError extends Error {
  readonly status: number
  readonly hint: string
  constructor(status: number, message: string, options: ErrorOptions & { hint?: string } = {}) {
    super(message, options)
    this.status = status
    this.hint = options.hint ?? "check EMBEDDINGS_URL, EMBEDDINGS_MODEL and EMBEDDINGS_API_KEY"
  }
}

const isTransient = (status: number) => status === 0 || status === 408 || status === 429 || status >= 500

function address(url: string): URL {
  const parsed = new URL(url)
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    throw new TypeError(`embeddings URL: expected http or https, got ${parsed.protocol}`)
  }
  if (!parsed.pathname.endsWith("/embeddings")) parsed.pathname = `${parsed.pathname.replace(/\/$/, "")}/embeddings`
  return parsed
}

/** Reads the vectors out of an answer, in the order of `index`. */
function readVectors(answer: unknown, count: number): Float32Array[] {
  const data = (answer as { data?: unknown } | null)?.data
  if (!Array.isArray(data) || data.length !== count) {
    throw new EmbeddingError(200, `expected ${count} embeddings, got ${Array.isArray(data) ? data.length : "none"}`)
  }
  const vectors: (Float32Array | undefined)[] = Array.from({ length: count })
  for (const [position, item] of (data as { index?: unknown; embedding?: unknown }[]).entries()) {
    const index = typeof item.index === "number" ? item.index : position
    if (!Array.isArray(item.embedding) || !item.embedding.every((value) => Number.isFinite(value))) {
      throw new EmbeddingError(200, `embedding ${index}: expected an array of finite numbers`)
    }
    vectors[index] = Float32Array.from(item.embedding as number[])
  }
  const length = vectors[0]?.length
  for (const [index, vector] of vectors.entries()) {
    if (vector === undefined) throw new EmbeddingError(200, `embedding ${index} is missing`)
    if (vector.length !== length)
      throw new EmbeddingError(200, `embedding ${index}: expected ${length} dimensions, got ${vector.length}`)
  }
  return vectors as Float32Array[]
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop)
      resolve()
    }, milliseconds)
    signal?.addEventListener("abort", stop, { once: true })
  })
}

/** Seconds to wait, from a number of seconds or a date (RFC 9110, section 10.2.3); NaN for neither. */
function readRetryAfter(value: string | null): number {
  if (value === null || value === "") return Number.NaN
  const seconds = Number(value)
  return Number.isNaN(seconds) ? (Date.parse(value) - Date.now()) / 1000 : seconds
}

export function endpointEmbedder(options: EndpointOptions): Embedder {
  const { model, apiKey, batchSize = 64, attempts = 4, pauseMs = 500, timeoutMs = 60_000 } = options
  const { requestsPerMinute } = options
  if (requestsPerMinute !== undefined && !(requestsPerMinute > 0))
    throw new RangeError(`requestsPerMinute: expected a number above 0, got ${requestsPerMinute}`)
  /** When the next request may begin, on the clock of performance.now(). */
  let nextStart = 0
  const url = address(options.url)
  let dimensions: number | undefined

  async function request(input: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    if (requestsPerMinute !== undefined) {
      const now = performance.now()
      const start = Math.max(now, nextStart)
      nextStart = start + 60_000 / requestsPerMinute
      if (start > now) await pause(start - now, signal)
    }
    const timeout = AbortSignal.timeout(timeoutMs)
    let response: Response
    try {
      response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body: JSON.stringify({ model, input }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      })
    } catch (error) {
      if (signal?.aborted === true) throw error
      throw new EmbeddingError(0, `no answer from ${url.origin}: ${(error as Error).message}`, { cause: error })
    }
    if (!response.ok) {
      const error = new EmbeddingError(
        response.status,
        `${url.origin} answered ${response.status}: ${(await response.text()).slice(0, 200)}`,
      )
      throw Object.assign(error, { retryAfter: readRetryAfter(response.headers.get("retry-after")) })
    }
    return readVectors(await response.json(), input.length)
  }

  async function requestWithRetry(input: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await request(input, signal)
      } catch (error) {
        if (!(error instanceof EmbeddingError) || !isTransient(error.status) || attempt >= attempts) throw error
        const { retryAfter } = error as { retryAfter?: number }
        const wait = retryAfter !== undefined && retryAfter > 0 ? retryAfter * 1000 : pauseMs * 2 ** (attempt - 1)
        await pause(wait, signal)
      }
    }
  }

  return {
    name: `${model} at ${url.origin}`,
    model,
    get dimensions() {
      return dimensions
    },
    async embed(texts, signal) {
      const vectors: Float32Array[] = []
      for (let start = 0; start < texts.length; start += batchSize) {
        for (const vector of await requestWithRetry(texts.slice(start, start + batchSize), signal)) {
          dimensions ??= vector.length
          if (vector.length !== dimensions)
            throw new EmbeddingError(200, `expected ${dimensions} dimensions, got ${vector.length}`)
          vectors.push(vector)
        }
      }
      return vectors
    },
  }
}
