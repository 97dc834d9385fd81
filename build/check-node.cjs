// Runs before anything is installed, so it uses nothing that an old Node would not parse.
const { readFileSync } = require("fs")
const { join } = require("path")

const wanted = /(\d+)\.(\d+)/.exec(JSON.parse(readFileSync(join(__dirname, "..", "package.json"), "utf8")).engines.node)
const found = /^v(\d+)\.(\d+)/.exec(process.version)
const tooOld = +found[1] < +wanted[1] || (+found[1] === +wanted[1] && +found[2] < +wanted[2])
if (tooOld) {
  console.error("penstock: expected Node.js " + wanted[0] + " or newer, got " + process.version)
  console.error("penstock: install a current Node.js and run the same command again")
  process.exit(1)
}
