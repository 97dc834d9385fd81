import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "@jest/globals"
import { root } from "../../../build/root.ts"
import { sbom } from "../../../build/sbom.ts"

const read = (path: string) => readFileSync(join(root, path), "utf8")
const manifest = JSON.parse(read("package.json")) as Record<"dependencies" | "devDependencies", Record<string, string>>

test("the bill of materials names every dependency with its exact version and hash", () => {
  const { bomFormat, components } = sbom()
  expect(bomFormat).toBe("CycloneDX")
  const listed = new Map(components.map(({ name, version, hashes }) => [`${name}@${version}`, hashes ?? []]))
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    expect(listed.get(`${name}@${version}`)?.map(({ alg }) => alg)).toContain("SHA-512")
  }
})

test("it is the same each time", () => {
  expect(JSON.stringify(sbom())).toBe(JSON.stringify(sbom()))
})

test("dependencies have exact versions, and npm runs none of their scripts", () => {
  const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies })
  for (const version of versions) expect(version).toMatch(/^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+$/)
  expect(read(".npmrc")).toMatch(/^ignore-scripts=true$/m)
})

test("the lock file names no registry and pins every package by hash", () => {
  const lock = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { resolved?: string; integrity?: string }>
  }
  for (const [path, { resolved, integrity }] of Object.entries(lock.packages)) {
    if (path === "") continue
    expect({ path, resolved }).toEqual({ path, resolved: undefined })
    expect({ path, pinned: integrity !== undefined }).toEqual({ path, pinned: true })
  }
})
