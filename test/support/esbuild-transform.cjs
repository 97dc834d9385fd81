// Jest transform: TypeScript and ES modules to CommonJS by esbuild, with inline source maps.
const { createHash } = require("node:crypto")
const { readFileSync } = require("node:fs")
const esbuild = require("esbuild")

const version = createHash("sha256").update(readFileSync(__filename)).update(esbuild.version).digest("hex")

module.exports = {
  getCacheKey(source, filename) {
    return createHash("sha256").update(version).update(filename).update(source).digest("hex")
  },
  process(source, filename) {
    const { code } = esbuild.transformSync(source, {
      sourcefile: filename,
      loader: filename.endsWith("ts") ? "ts" : "js",
      format: "cjs",
      platform: "node",
      target: "node20",
      sourcemap: "inline",
      define: { "import.meta.url": "__import_meta_url" },
      banner: "const __import_meta_url = require('node:url').pathToFileURL(__filename).href;",
    })
    return { code }
  },
}
