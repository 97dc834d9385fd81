import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { serverBinaries } from "../../host/native/cluster.ts"
import { root } from "../../build/root.ts"
import { penstock } from "../cli/penstock.ts"
import { describeOnServer, PrivateServer, query } from "../support/private-server.ts"

const run = promisify(execFile)

describeOnServer("several installers at once", () => {
  let server: PrivateServer
  beforeAll(async () => {
    server = await PrivateServer.start()
  })
  afterAll(async () => server.stop())

  const psql = (url: string) =>
    run(join(serverBinaries(), "psql"), ["-X", "-q", "-f", join(root, "build/out/install.sql"), url]).then(
      () => 0,
      ({ code }: { code: number }) => code,
    )
  const state = async (url: string) => ({
    rows: await query(
      url,
      "select count(*)::int, count(distinct hash)::int as different from graphile_migrate.migrations",
    ),
    doctor: (await penstock(["doctor", url])).code,
  })
  const whole = async (url: string): Promise<void> => {
    const { rows, doctor } = await state(url)
    expect(doctor).toBe(0)
    const [{ count, different }] = rows as [{ count: number; different: number }]
    expect(count).toBe(different)
  }

  test("three times migrate: one installs, the others wait for it", async () => {
    const url = await server.database("three")
    const outcomes = await Promise.all([0, 1, 2].map(() => penstock(["migrate", url, "--json"])))
    expect(outcomes.map(({ code, stderr }) => (code === 0 ? "" : stderr))).toEqual(["", "", ""])
    const applied = outcomes.flatMap(({ stdout }) => (JSON.parse(stdout) as { applied: string[] }).applied)
    expect(applied.filter((name) => name === "000001.sql")).toHaveLength(1)
    await whole(url)
  })

  test("migrate beside the installer for psql", async () => {
    const url = await server.database("mixed")
    const [command, script] = await Promise.all([penstock(["migrate", url, "--json"]), psql(url)])
    expect([command.code, script]).toContain(0)
    expect((await penstock(["migrate", url])).code).toBe(0)
    expect(await psql(url)).toBe(0)
    await whole(url)
  })

  test("two databases of one server, which share the roles", async () => {
    await query(
      server.url,
      "drop role if exists penstock_admin, penstock_operator, penstock_worker, penstock_user",
    ).catch(() => undefined)
    const urls = [await server.database("one_side"), await server.database("other_side")]
    const outcomes = await Promise.all(urls.map((url) => penstock(["migrate", url, "--json"])))
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0])
    for (const url of urls) await whole(url)
  })
})
