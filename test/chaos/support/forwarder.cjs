// Forwards TCP connections; after "cut" on stdin nothing passes and nobody is told, after "mend" it flows again.
const net = require("node:net")
const [listen, target] = process.argv.slice(2)
const [host, port] = target.split(":")
const sockets = new Set()
let isCut = false
const server = net.createServer((client) => {
  const upstream = net.connect(Number(port), host)
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ]) {
    sockets.add(from)
    from.on("error", () => to.destroy())
    from.on("close", () => {
      sockets.delete(from)
      to.destroy()
    })
    from.pipe(to)
    if (isCut) from.pause()
  }
})
server.listen(0, listen, () => console.log(server.address().port))
process.stdin.on("data", (data) => {
  isCut = data.toString().trim() === "cut"
  for (const socket of sockets) {
    if (isCut) socket.pause()
    else socket.resume()
  }
  console.log("ok")
})
