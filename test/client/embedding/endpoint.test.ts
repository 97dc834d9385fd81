import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, expect, test } from "@jest/globals"
import { type EmbeddingError, endpointEmbedder } from "../../../client/embedding/endpoint.ts"

interface Seen {
  path: string | undefined
  authorization: string | undefined
  body: { model: string; input: string[] }
}
type Handler = (seen: Seen, response: ServerResponse, attempt: number) => void

let server: Server | undefined
afterEach(async () => {
  server?.closeAllConnections()
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)))
  server = undefined
})

async function serve(handler: Handler): Promise<{ origin: string; seen: Seen[] }> {
  const seen: Seen[] = []
  server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Seen["body"]
      const one = { path: request.url, authorization: request.headers.authorization, body }
      seen.push(one)
      handler(one, response, seen.length)
    })
  })
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve))
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const json = (response: ServerResponse, value: unknown) => {
  response.setHeader("content-type", "application/json")
  response.end(JSON.stringify(value))
}
/** Length of the text first, so that a test sees which vector belongs to which text. */
const embeddings = (input: string[]) => input.map((text, index) => ({ index, embedding: [text.length, index, 0.5] }))

test("sends batches to /embeddings and keeps the order of the texts, whatever the order of the answer", async () => {
  const { origin, seen } = await serve(({ body }, response) =>
    json(response, { data: embeddings(body.input).reverse() }),
  )
  const embedder = endpointEmbedder({ url: `${origin}/v1`, model: "m", apiKey: "secret", batchSize: 2 })
  const vectors = await embedder.embed(["a", "bb", "ccc"])
  expect(vectors.map((vector) => vector[0])).toEqual([1, 2, 3])
  expect(embedder.dimensions).toBe(3)
  expect(seen.map(({ body }) => body.input.length)).toEqual([2, 1])
  expect(seen[0]).toMatchObject({ path: "/v1/embeddings", authorization: "Bearer secret", body: { model: "m" } })
})

test("tries again after 429 and 503, not after 400", async () => {
  const { origin, seen } = await serve(({ body }, response, attempt) => {
    if (attempt === 1) response.writeHead(429, { "retry-after": "0.01" }).end("slow down")
    else if (attempt === 2) response.writeHead(503).end()
    else if (attempt === 3) json(response, { data: embeddings(body.input) })
    else response.writeHead(400).end("no such model")
  })
  const embedder = endpointEmbedder({ url: `${origin}/embeddings`, model: "m", pauseMs: 1 })
  expect(await embedder.embed(["x"])).toHaveLength(1)
  await expect(embedder.embed(["x"])).rejects.toMatchObject({ status: 400 } satisfies Partial<EmbeddingError>)
  expect(seen).toHaveLength(4)
})

test("gives up after the given number of attempts", async () => {
  const { origin, seen } = await serve((_, response) => response.writeHead(500).end())
  const embedder = endpointEmbedder({ url: origin, model: "m", attempts: 3, pauseMs: 1 })
  await expect(embedder.embed(["x"])).rejects.toMatchObject({ status: 500 })
  expect(seen).toHaveLength(3)
})

test("a server that is not there is status 0", async () => {
  const embedder = endpointEmbedder({ url: "http://127.0.0.1:9/", model: "m", attempts: 1 })
  await expect(embedder.embed(["x"])).rejects.toMatchObject({ status: 0 })
})

test.each([
  ["too few", { data: [] }],
  ["no list", {}],
  ["not numbers", { data: [{ index: 0, embedding: ["1"] }] }],
  ["NaN", { data: [{ index: 0, embedding: [null] }] }],
  ["a stray index", { data: [{ index: 7, embedding: [1] }] }],
])("an answer with %s is refused", async (_, answer) => {
  const { origin } = await serve((_seen, response) => json(response, answer))
  await expect(endpointEmbedder({ url: origin, model: "m" }).embed(["x"])).rejects.toMatchObject({ status: 200 })
})

test("another dimension in a later batch is refused", async () => {
  const { origin } = await serve((_, response, attempt) =>
    json(response, { data: [{ index: 0, embedding: attempt === 1 ? [1, 2] : [1, 2, 3] }] }),
  )
  await expect(endpointEmbedder({ url: origin, model: "m", batchSize: 1 }).embed(["x", "y"])).rejects.toMatchObject({
    status: 200,
  })
})

test("stops at once when the caller aborts", async () => {
  const { origin } = await serve(() => {})
  const stop = new AbortController()
  const work = endpointEmbedder({ url: origin, model: "m" }).embed(["x"], stop.signal)
  setTimeout(() => stop.abort(new Error("enough")), 20)
  await expect(work).rejects.toThrow("enough")
})

test("an address that is not HTTP is refused", () => {
  expect(() => endpointEmbedder({ url: "file:///etc/passwd", model: "m" })).toThrow(TypeError)
})

test("begins no more requests a minute than it may", async () => {
  const begun: number[] = []
  const { origin } = await serve(({ body }, response) => {
    begun.push(performance.now())
    json(response, { data: embeddings(body.input) })
  })
  const embedder = endpointEmbedder({ url: origin, model: "m", batchSize: 1, requestsPerMinute: 1200 })
  await embedder.embed(["a", "b", "c"])
  expect(begun).toHaveLength(3)
  /* 50 ms apart where they begin; the first may take longer to arrive. */
  expect((begun[2] as number) - (begun[0] as number)).toBeGreaterThan(50)
  expect(() => endpointEmbedder({ url: origin, model: "m", requestsPerMinute: 0 })).toThrow(RangeError)
})

test("a Retry-After that is a date is understood", async () => {
  const { origin, seen } = await serve(({ body }, response, attempt) => {
    if (attempt > 1) return json(response, { data: embeddings(body.input) })
    response.statusCode = 429
    response.setHeader("retry-after", new Date(Date.now() + 1500).toUTCString())
    response.end()
  })
  /* Without the date it would wait beyond the limit of the test. */
  await endpointEmbedder({ url: origin, model: "m", pauseMs: 1_000_000 }).embed(["a"])
  expect(seen).toHaveLength(2)
})
