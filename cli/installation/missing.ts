import type { RepairStatement } from "../../build/repair-script.ts"
import { rowsOf } from "../migrations/client.ts"
import { procedureNamed, type SqlClient } from "../migrations/index.ts"

/** Which of the objects are not in the database; names resolve as in a migration, after the preamble. */
export const missingObjects = async (
  client: SqlClient,
  statements: readonly RepairStatement[],
): Promise<Set<string>> => {
  const rows = await rowsOf<{ object: string }>(
    client,
    `select object
     from unnest($1::text[]) as object,
       lateral (select split_part(object, ' ', 1), substr(object, strpos(object, ' ') + 1)) as split (kind, name),
       lateral (select split_part(name, ' on ', 1), to_regclass(split_part(name, ' on ', 2))) as placed (part, relation)
     where case kind
       when 'schema' then to_regnamespace(name) is null
       when 'type' then to_regtype(name) is null
       when 'function' then ${procedureNamed("name")} is null
       when 'procedure' then ${procedureNamed("name")} is null
       when 'trigger' then not exists (select from pg_trigger where tgrelid = relation and tgname = part)
       when 'policy' then not exists (select from pg_policy where polrelid = relation and polname = part)
       else to_regclass(name) is null
     end`,
    [statements.flatMap(({ creates }) => creates ?? [])],
  )
  return new Set(rows.map(({ object }) => object))
}
