/**
 * Writes build/out/sbom.cdx.json, the software bill of materials in CycloneDX 1.5: every npm package that the product
 * runs or contains, as npm's own lock file lists it. Without time and serial number, so that the same lock file gives
 * the same bytes.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./root.ts"

/** What is read or changed here of a CycloneDX document. */
export interface Sbom {
  bomFormat: string
  specVersion: string
  serialNumber?: string
  metadata: { timestamp?: string; component: { name: string; version: string } }
  components: { name: string; version: string; purl: string; hashes?: { alg: string; content: string }[] }[]
}

export function sbom(): Sbom {
  const args = ["sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only"]
  const document = JSON.parse(
    execFileSync("npm", args, {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 26,
      stdio: ["ignore", "pipe", "inherit"],
    }),
  ) as Sbom
  delete document.serialNumber
  delete document.metadata.timestamp
  // npm gives the folder's name, which differs between checkouts.
  document.metadata.component.name = "penstock"
  document.components.sort((a, b) => (a.purl < b.purl ? -1 : 1))
  return document
}

if (process.argv[1]?.endsWith("sbom.ts") === true) {
  const path = join(root, "build/out/sbom.cdx.json")
  mkdirSync(join(root, "build/out"), { recursive: true })
  writeFileSync(path, `${JSON.stringify(sbom(), null, 2)}\n`)
  console.log(path)
}
