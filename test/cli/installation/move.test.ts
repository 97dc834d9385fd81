import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { PGlite } from "@electric-sql/pglite"
import { vector } from "@electric-sql/pglite-pgvector"
import { connectionUrl, WireServer } from "../../../cli/embedded/wire-server.ts"
import { migrate } from "../../../cli/migrations/index.ts"
import { plv8 } from "../../../host/pglite/index.ts"
import { describeOnServer, PrivateServer, query } from "../../support/private-server.ts"
import { penstock } from "../penstock.ts"

const words = `"quoted" \\ back\\slash, tab\t, new
line, \\N, \\., euro €, 🗻`

const fill = `
  select penstock.create_collection('films', 3, partitions => 2);
  select penstock.upsert_many('films', array['a','b','c'], array['[1,2,3]','[1e-38,3.4028235e38,0.1]','[0,1,-0]']::vector[], array['{"y":1}','{}','{}']::jsonb[]);
  select integrity.protect('films', 'enforce');
  select integrity.sample('films');
  select integrity.checkpoint();
  create role editor nologin;
  create type mood as enum ('calm', 'angry');
  create domain short as text check (length(value) < 200);
  create sequence tickets start 7;
  select nextval('tickets');
  create table notes (
    id bigint generated always as identity primary key, words short, mood mood default 'calm', at timestamptz default '2026-01-02 03:04:05.678901+02',
    doubled text generated always as (words || words) stored, raw bytea, tags text[], embedding halfvec(3),
    parent bigint references notes, amount numeric, number float8
  );
  insert into notes (words, raw, tags, embedding, parent, amount, number)
    select 'row ' || i, decode('00ff5c0a', 'hex'), array['x', null, '{"'], array[i, i, i]::halfvec, nullif(i - 1, 0), i / 3::numeric, 'NaN'
    from generate_series(1, 3000) i;
  create index on notes using hnsw (embedding halfvec_cosine_ops);
  create view calm as select id from notes where mood = 'calm';
  create materialized view counted as select mood, count(*) from notes group by mood;
  create function standard() returns int language sql begin atomic; select case when true then 1 end; select 2; end;
  create function scripted(a int) returns int language plv8 immutable as 'return a + 1';
  alter table notes enable row level security;
  create policy all_of_them on notes for select to editor using (true);
  grant select on notes to editor;
  create procedure "odd ; name"() language plpgsql as $body$ begin /* ; -- Name: x; Type: ACL; Schema: y; Owner: z */ null; end $body$;`

const contents = [
  "select md5(string_agg(n::text, '|' order by id)) from notes n",
  "select md5(string_agg(f::text, '|' order by id)) from films f",
  "select * from integrity.gates order by collection, operation",
  "select seq, problem, words from integrity.verify_history()",
  "select md5(string_agg(encode(bytes, 'hex'), '|' order by seq)) from integrity._events",
  "select sequencename, last_value from pg_sequences where schemaname <> 'graphile_migrate' order by schemaname, 1",
  "select mood, count from counted order by 1",
  "select standard(), scripted(1)",
  "select polname, polroles::regrole[]::text from pg_policy where polrelid = 'notes'::regclass",
  "select grantee, privilege_type from information_schema.role_table_grants where table_name = 'notes' and grantee = 'editor'",
  "select id from penstock.search('films', '[1,2,3]', k => 3)",
]

const facts = async (url: string): Promise<unknown[]> => {
  const answers: unknown[] = []
  for (const sql of contents) answers.push(await query(url, sql))
  return answers
}

describeOnServer("move", () => {
  let server: PrivateServer
  let directory: string
  let expected: unknown[]

  beforeAll(async () => {
    server = await PrivateServer.start()
    directory = mkdtempSync(join(tmpdir(), "penstock-move-"))
    const embedded = await PGlite.create(join(directory, "pgdata"), { extensions: { vector, plv8 } })
    const wire = new WireServer(embedded)
    const url = connectionUrl(await wire.listen(0))
    await migrate(url)
    await embedded.exec(fill)
    await embedded.query("update notes set words = $1 where id = 1", [words])
    await embedded.exec("refresh materialized view counted")
    expected = await facts(url)
    await wire.close()
    await embedded.close()
  })
  afterAll(async () => {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const move = (url: string) => penstock(["move", url, "--dir", directory, "--json"])
  const failure = (stderr: string) =>
    JSON.parse(stderr.split("\n").find((line) => line.startsWith('{"error"')) ?? "{}") as {
      error: Record<string, string>
    }

  test("names the roles that the server lacks, and changes nothing", async () => {
    const url = await server.database("roles")
    const { code, stderr } = await move(url)
    expect({ code, ...failure(stderr) }).toMatchObject({
      code: 1,
      error: { code: "55000", hint: "create role editor nologin;" },
    })
    expect(await query(url, "select from pg_namespace where nspname = 'penstock'")).toEqual([])
    await query(server.url, "create role editor nologin")
  })

  test("takes everything to an older server: definitions, rows, sequences, gates, history", async () => {
    const url = await server.database("whole")
    const { code, stdout, stderr } = await move(url)
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" })
    const { rows, tables } = JSON.parse(stdout) as { rows: number; tables: { name: string; rows: number }[] }
    expect(tables).toContainEqual({ name: "public.notes", rows: 3000 })
    expect(rows).toBeGreaterThan(3000)
    expect(await facts(url)).toEqual(expected)
    expect((await penstock(["doctor", url])).code).toBe(0)
    await query(url, "select integrity.override('films', 'critical', 'a test', '1 hour')")
    await expect(query(url, "insert into films values ('d', '[1,1,1]')")).rejects.toMatchObject({ code: "55R01" })
    expect(await query(url, "insert into notes (words) values ('next') returning id")).toEqual([{ id: "3001" }])
    expect(existsSync(join(directory, "penstock.lock"))).toBe(false)
  })

  test("works for an owner who is no superuser", async () => {
    await query(server.url, "create role owner login createrole password 'secret'")
    const url = await server.database("owned", { owner: "owner", extensions: true })
    await query(server.url, "grant editor to owner")
    const { code, stderr } = await move(url)
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" })
    const tables =
      "select tableowner, count(*)::int from pg_tables where schemaname in ('public', 'integrity') group by 1 order by 1"
    const owners = await query<{ tableowner: string }>(url, tables)
    expect(owners.map(({ tableowner }) => tableowner)).toEqual(["owner", "penstock_log_owner"])
    const member = "select pg_has_role('owner', 'penstock_log_owner', 'usage') as member"
    expect(await query(server.url, member)).toEqual([{ member: false }])
  })

  test("leaves the server as it was when something goes wrong on the way, and can be run again", async () => {
    const url = await server.database("again")
    await query(
      url,
      "create function refuse() returns event_trigger language plpgsql as $$ begin if tg_tag = 'CREATE POLICY' then raise 'refused'; end if; end $$; create event trigger refuse on ddl_command_end execute function refuse()",
    )
    const { code, stderr } = await move(url)
    expect({ code, ...failure(stderr) }).toMatchObject({ code: 1, error: { message: "refused" } })
    expect(await query(url, "select from pg_namespace where nspname = 'penstock'")).toEqual([])
    await query(url, "drop event trigger refuse; drop function refuse()")
    expect((await move(url)).code).toBe(0)
    expect(await facts(url)).toEqual(expected)
  })

  test("refuses a database that has Penstock already, a directory without one, and one in use", async () => {
    const installed = await server.installedDatabase("installed")
    expect(failure((await move(installed)).stderr)).toMatchObject({ error: { code: "55000" } })
    const nowhere = await penstock(["move", installed, "--dir", join(directory, "nowhere"), "--json"])
    expect(failure(nowhere.stderr)).toMatchObject({ error: { code: "42704" } })
  })
})
