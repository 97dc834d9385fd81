import { execFileSync } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { makeKeyFile, readKeyFile, requireKeys } from "../../../client/signing/key-file.ts"
import { verify } from "../../../plv8-src/signing/ed25519.ts"

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "penstock-keys-"))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const path = (name: string) => join(directory, name)
const write = (name: string, text: string, mode = 0o600): string => {
  writeFileSync(path(name), text, { mode })
  chmodSync(path(name), mode)
  return path(name)
}
const message = new TextEncoder().encode("some bytes")

test("a key file holds what was drawn, closed to others, and signs with the verdict of the library", async () => {
  const made = await makeKeyFile(path("worker.key"), ["events", "checkpoints"])
  expect(statSync(path("worker.key")).mode & 0o777).toBe(0o600)
  const read = requireKeys(await readKeyFile(path("worker.key")), ["events", "checkpoints"], "worker.key")
  for (const purpose of ["events", "checkpoints"] as const) {
    expect(read[purpose].id).toBe(made[purpose]?.id)
    expect(verify(read[purpose].publicKey, message, read[purpose].sign(message))).toBe(true)
  }
  expect(read.events.id).not.toBe(read.checkpoints.id)
  expect(readFileSync(path("worker.key"), "utf8")).toContain(read.events.id)
})

test("openssl reads the same file", async () => {
  await makeKeyFile(path("openssl.key"), ["recovery"])
  const { recovery } = requireKeys(await readKeyFile(path("openssl.key")), ["recovery"], "openssl.key")
  const der = execFileSync("openssl", ["pkey", "-in", path("openssl.key"), "-pubout", "-outform", "DER"])
  expect(der.subarray(-32).toString("hex")).toBe(Buffer.from(recovery.publicKey).toString("hex"))
})

test("an existing file is never overwritten", async () => {
  write("taken.key", "something")
  await expect(makeKeyFile(path("taken.key"), ["events"])).rejects.toMatchObject({ code: "42710" })
  expect(readFileSync(path("taken.key"), "utf8")).toBe("something")
})

test.each([0o640, 0o604, 0o660, 0o644, 0o610])("mode %o is refused", async (mode) => {
  await makeKeyFile(path(`mode-${mode}.key`), ["events"])
  chmodSync(path(`mode-${mode}.key`), mode)
  await expect(readKeyFile(path(`mode-${mode}.key`))).rejects.toMatchObject({ code: "42501" })
})

test("a link to an open file is judged by the file", async () => {
  const target = write("open.key", "Purpose: events\n", 0o644)
  symlinkSync(target, path("link.key"))
  await expect(readKeyFile(path("link.key"))).rejects.toMatchObject({ code: "42501" })
})

test("a missing file and a directory are errors that say so", async () => {
  await expect(readKeyFile(path("nowhere.key"))).rejects.toMatchObject({ code: "58P01" })
  await expect(readKeyFile(directory)).rejects.toMatchObject({ code: "22023" })
})

const ed25519 = () => generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }) as string
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
  format: "pem",
  type: "pkcs8",
}) as string

test.each<[string, string]>([
  ["nothing", ""],
  ["a key without purpose", ed25519()],
  ["a purpose without key", "Purpose: events\n"],
  ["an unknown purpose", `Purpose: mischief\n${ed25519()}`],
  ["two keys for one purpose", `Purpose: events\n${ed25519()}\nPurpose: events\n${ed25519()}`],
  ["another block besides", `Purpose: events\n${ed25519()}\n${ed25519()}`],
  ["an RSA key", `Purpose: events\n${rsa}`],
  ["another id than the key has", `Purpose: events\nKey-Id: ${"0".repeat(64)}\n${ed25519()}`],
  ["base 64 that is none", "Purpose: events\n-----BEGIN PRIVATE KEY-----\n????\n-----END PRIVATE KEY-----"],
])("a file with %s is refused", async (name, text) => {
  await expect(readKeyFile(write(`${name.replaceAll(" ", "-")}.key`, text))).rejects.toMatchObject({ code: "22023" })
})

test("a file that lacks a purpose that is needed is refused", async () => {
  await makeKeyFile(path("half.key"), ["events"])
  const ring = await readKeyFile(path("half.key"))
  expect(() => requireKeys(ring, ["events", "checkpoints"], "half.key")).toThrow(
    expect.objectContaining({ code: "22023" }),
  )
})
