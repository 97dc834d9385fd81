/**
 * A line to a port of this machine that can be cut without a goodbye: a forwarder in a network namespace whose only
 * interface is switched off, or, where the machine allows no namespaces, a forwarder that stops to forward.
 */
import { execFileSync, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

export interface Line {
  /** Where a client connects instead. */
  host: string
  port: number
  /** How it is cut, for the log. */
  kind: "network namespace" | "loopback forwarder"
  /** What the server must listen on and let in; undefined for loopback. */
  network: { address: string; subnet: string } | undefined
  /** Where the forwarder connects. Called once, before the first client. */
  connectTo(port: number): Promise<void>
  cut(): Promise<void>
  mend(): Promise<void>
  close(): Promise<void>
}

const ip = (...args: string[]): void => {
  execFileSync("ip", args, { stdio: "pipe" })
}

/** Link-local addresses of a /30 of their own, by process number. */
const addresses = () => {
  const third = 1 + (process.pid % 250)
  const fourth = 4 * (1 + (Math.floor(process.pid / 250) % 60))
  const at = (last: number) => `169.254.${third}.${last}`
  return { outside: at(fourth + 1), inside: at(fourth + 2), subnet: `${at(fourth)}/30` }
}

const startForwarder = (
  prefix: readonly string[],
  listen: string,
  target: string,
): Promise<{ port: number; say: (word: string) => Promise<void>; close: () => void }> =>
  new Promise((done, failed) => {
    const script = fileURLToPath(new URL("forwarder.cjs", import.meta.url))
    const [program, ...args] = [...prefix, process.execPath, script, listen, target]
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] })
    let answered: ((line: string) => void) | undefined
    child.once("error", failed)
    child.once("exit", (code) => {
      failed(new Error(`the forwarder ended with ${code}`))
    })
    child.stdout.on("data", (data: Buffer) => answered?.(data.toString().trim()))
    answered = (line) => {
      done({
        port: Number(line),
        say: (word) =>
          new Promise((heard) => {
            answered = () => heard()
            child.stdin.write(`${word}\n`)
          }),
        close: () => child.kill("SIGKILL"),
      })
    }
  })

/** A line through a namespace, or undefined where this machine allows none. */
const openNamespace = async (): Promise<Line | undefined> => {
  const name = `penstock-${process.pid}`
  const { outside, inside, subnet } = addresses()
  const [near, far] = [`psk${process.pid}a`.slice(-15), `psk${process.pid}b`.slice(-15)]
  const remove = () => {
    try {
      ip("netns", "delete", name)
    } catch {
      // was never made
    }
  }
  try {
    ip("netns", "add", name)
    ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
    ip("address", "add", `${outside}/30`, "dev", near)
    ip("link", "set", near, "up")
    ip("-netns", name, "address", "add", `${inside}/30`, "dev", far)
    ip("-netns", name, "link", "set", far, "up")
  } catch {
    remove()
    return undefined
  }
  let forwarder: Awaited<ReturnType<typeof startForwarder>> | undefined
  const line: Line = {
    host: inside,
    port: 0,
    kind: "network namespace",
    network: { address: outside, subnet },
    connectTo: async (port) => {
      forwarder = await startForwarder(["ip", "netns", "exec", name], inside, `${outside}:${port}`)
      line.port = forwarder.port
    },
    cut: async () => ip("-netns", name, "link", "set", far, "down"),
    mend: async () => ip("-netns", name, "link", "set", far, "up"),
    close: async () => {
      forwarder?.close()
      remove()
    },
  }
  return line
}

const openForwarder = async (): Promise<Line> => {
  let forwarder: Awaited<ReturnType<typeof startForwarder>> | undefined
  const line: Line = {
    host: "127.0.0.1",
    port: 0,
    kind: "loopback forwarder",
    network: undefined,
    connectTo: async (port) => {
      forwarder = await startForwarder([], "127.0.0.1", `127.0.0.1:${port}`)
      line.port = forwarder.port
    },
    cut: async () => forwarder?.say("cut"),
    mend: async () => forwarder?.say("mend"),
    close: async () => forwarder?.close(),
  }
  return line
}

export const openLine = async (): Promise<Line> => (await openNamespace()) ?? (await openForwarder())
