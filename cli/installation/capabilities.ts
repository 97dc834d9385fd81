import type pg from "pg"
import { rowsOf } from "../migrations/client.ts"

/** Something that Penstock can use and does without when it is not there. */
export interface Capability {
  readonly name: string
  readonly ok: boolean
  readonly found: string
  /** What is lost without it. */
  readonly lost?: string
  /** What to run, by somebody who may. */
  readonly statement?: string
}

interface Facts {
  role: string
  superuser: boolean
  monitor: boolean
  replication_role: boolean
  handlers: string[]
  public_may_write_javascript: boolean
  /** The library is in this session before any call of JavaScript: the postmaster loaded it. */
  is_loaded: boolean
  /** Only superusers see it. */
  preloaded: string
  available: string[]
  created: string[]
  recovery: boolean
}

/** What a managed service may not give, and what follows from that. Reads catalogs and settings only. */
export const capabilities = async (client: pg.Client): Promise<Capability[]> => {
  const [facts] = await rowsOf<Facts>(
    client,
    `select quote_ident(current_user) as role,
       rolsuper as superuser,
       pg_has_role(current_user, 'pg_monitor', 'usage') as monitor,
       has_parameter_privilege('session_replication_role', 'set') as replication_role,
       array(select extname::text from pg_catalog.pg_extension where extname in ('plv8', 'plv8_host')
         union all
         select name::text from pg_catalog.pg_available_extensions
         where name in ('plv8', 'plv8_host') and not exists (select from pg_catalog.pg_language where lanname = 'plv8')
       ) as handlers,
       exists (select from pg_catalog.pg_language l, aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) as acl
         where l.lanname = 'plv8' and acl.grantee = 0) as public_may_write_javascript,
       current_setting('plv8.memory_limit', true) is not null as is_loaded,
       case when rolsuper then current_setting('shared_preload_libraries') else '' end as preloaded,
       array(select name::text from pg_catalog.pg_available_extensions
         where name in ('pageinspect', 'pg_stat_statements', 'pg_cron')) as available,
       array(select extname::text from pg_catalog.pg_extension
         where extname in ('pageinspect', 'pg_stat_statements', 'pg_cron')) as created,
       pg_is_in_recovery() as recovery
     from pg_catalog.pg_roles where rolname = current_user`,
  )
  if (facts === undefined) throw new Error("the server does not say who is connected")
  return [
    writable(facts),
    ...handler(facts),
    {
      name: "event triggers",
      ok: facts.superuser,
      found: facts.superuser ? "may be created" : "only a superuser creates them",
      ...(facts.superuser ? {} : { lost: "nothing of Penstock; guards of your own against DDL cannot be created" }),
    },
    {
      name: "session_replication_role",
      ok: facts.replication_role,
      found: facts.replication_role ? "may be set" : "may not be set",
      ...(facts.replication_role
        ? {}
        : {
            lost: "a bulk load cannot pass by the gates; use integrity.override or an exemption",
            statement: `grant set on parameter session_replication_role to ${facts.role};`,
          }),
    },
    {
      name: "pg_monitor",
      ok: facts.monitor,
      found: facts.monitor ? "this role is a member" : "this role is no member",
      ...(facts.monitor
        ? {}
        : {
            lost: "evidence about replicas and about sessions of other roles is missing",
            statement: `grant pg_monitor to ${facts.role};`,
          }),
    },
    extension(facts, "pageinspect", "the pages of a vector index that is under suspicion cannot be examined"),
    extension(facts, "pg_stat_statements", "the view penstock.slow_statements stays empty"),
    extension(
      facts,
      "pg_cron",
      "samples need a scheduler outside: the worker, or cron and psql -c 'call integrity.tick()'",
    ),
    await pooler(client),
    ...(await hiddenIndexes(client)),
  ]
}

const writable = ({ recovery }: Facts): Capability => ({
  name: "writable server",
  ok: !recovery,
  found: recovery ? "a standby in recovery" : "no standby",
  ...(recovery ? { lost: "nothing can be installed here: connect to the primary" } : {}),
})

/** Real plv8 and ours run the same functions; what they promise about hostile or endless JavaScript differs. */
const handler = ({
  handlers,
  public_may_write_javascript: everyone,
  preloaded,
  is_loaded: loaded,
  superuser,
}: Facts): Capability[] => {
  const real = handlers[0] === "plv8"
  if (handlers.length === 0) return []
  if (real) {
    return [
      {
        name: "JavaScript only by trusted roles",
        ok: !everyone,
        found: everyone ? "every role may create plv8 functions" : "the language plv8 is not granted to PUBLIC",
        ...(everyone
          ? {
              lost: "in real plv8 an endless loop ignores statement_timeout and cancel, and some calls end the server",
              statement: "revoke usage on language plv8 from public;",
            }
          : {}),
      },
    ]
  }
  return [
    {
      name: "plv8_host preloaded",
      ok: loaded,
      found: loaded ? "in shared_preload_libraries" : "not in shared_preload_libraries",
      ...(loaded
        ? {}
        : {
            lost: "the first JavaScript call of each session loads V8's library",
            ...(superuser
              ? {
                  statement: `alter system set shared_preload_libraries = ${[preloaded, "plv8_host"].filter(Boolean).join(", ")}; -- then restart`,
                }
              : {}),
          }),
    },
  ]
}

const extension = ({ available, created }: Facts, name: string, lost: string): Capability => {
  if (created.includes(name)) return { name, ok: true, found: "created in this database" }
  const offered = available.includes(name)
  return {
    name,
    ok: false,
    found: offered ? "available, not created here" : "not on this server",
    lost,
    ...(offered ? { statement: `create extension ${name};` } : {}),
  }
}

/** A pooler answers with a process number of its own, for it has to route cancel requests. */
const pooler = async (client: pg.Client): Promise<Capability> => {
  const [backend] = await rowsOf<{ pid: number }>(client, "select pg_backend_pid() as pid")
  const { processID } = client as pg.Client & { processID: number | null }
  const direct = processID === null || processID === 0 || processID === backend?.pid
  return {
    name: "direct connection",
    ok: direct,
    found: direct ? "no pooler is in between" : "a pooler is in between",
    ...(direct
      ? {}
      : { lost: "LISTEN, the worker and long migrations need a direct connection; everything else works through it" }),
  }
}

/** Row-level security keeps operators that are not leakproof from using an index. */
const hiddenIndexes = async (client: pg.Client): Promise<Capability[]> => {
  const found = await rowsOf<{ index: string; relation: string }>(
    client,
    `select distinct i.indexrelid::regclass::text as index, c.oid::regclass::text as relation
     from pg_catalog.pg_class c
     join pg_catalog.pg_index i on i.indrelid = c.oid
     join pg_catalog.pg_class x on x.oid = i.indexrelid
     join pg_catalog.pg_am m on m.oid = x.relam
     join pg_catalog.pg_attribute a on a.attrelid = c.oid and not a.attisdropped
     join pg_catalog.pg_type t on t.oid = a.atttypid
     where c.relrowsecurity and m.amname = 'gin' and t.typname in ('vector', 'halfvec')
     order by 1`,
  )
  return found.map(({ index, relation }) => ({
    name: `index ${index}`,
    ok: false,
    found: `a GIN index on ${relation}, which has row-level security`,
    lost: "roles that the policies bind do not use it: @>, && and @@ are not leakproof, so filters scan",
  }))
}
