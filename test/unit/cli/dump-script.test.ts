import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { adaptEntries, splitDump } from "../../../cli/installation/dump-script.ts"

const entry = (name: string, type: string, sql: string): string =>
  `--\n-- Name: ${name}; Type: ${type}; Schema: public; Owner: -\n--\n\n${sql}\n\n\n`

const adapt = (text: string, noOwner = false): string[] =>
  adaptEntries(splitDump(text), { installer: "me", noOwner }).flatMap(({ statements }) => statements)

describe("splitting a dump", () => {
  test("takes quoted text for what it is", () => {
    const body = `CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $_$ select ';' /* -- Name: x; Type: ACL; Schema: s; Owner: o */; $_$;`
    const literal = `COMMENT ON TABLE t IS 'a;\n-- Name: y; Type: ACL; Schema: s; Owner: o\nGRANT ALL ON t TO me;';`
    const escaped = `SELECT E'it\\'s; ', "odd;""name";`
    const entries = splitDump(
      entry("f()", "FUNCTION", body) + entry("t", "COMMENT", literal) + entry("q", "X", escaped),
    )
    expect(entries.slice(1).map(({ type, statements }) => [type, statements])).toEqual([
      ["FUNCTION", [body]],
      ["COMMENT", [literal]],
      ["X", [escaped]],
    ])
  })

  test("keeps the body of a function in standard SQL and the actions of a rule together", () => {
    const atomic =
      "CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;"
    const rule = "CREATE RULE r AS ON INSERT TO t DO INSTEAD (DELETE FROM a; DELETE FROM b);"
    expect(
      splitDump(entry("g", "FUNCTION", atomic) + entry("r", "RULE", rule))
        .slice(1)
        .flatMap((e) => e.statements),
    ).toEqual([atomic, rule])
  })

  test("any bodies, under any tag, come back byte for byte", () => {
    const tag = fc.stringMatching(/^[a-z_]{0,5}$/)
    const body = fc.string().map((text) => text.replaceAll("$", ""))
    fc.assert(
      fc.property(fc.array(fc.tuple(tag, body), { maxLength: 8 }), (functions) => {
        const statements = functions.map(([name, text], i) => `CREATE FUNCTION f${i}() AS $${name}$${text}$${name}$;`)
        const dump = statements.map((sql, i) => entry(`f${i}()`, "FUNCTION", sql)).join("")
        expect(
          splitDump(dump)
            .slice(1)
            .map((found) => found.statements),
        ).toEqual(statements.map((sql) => [sql]))
      }),
    )
  })
})

describe("adapting a dump", () => {
  test("the restorer takes the installer's place; other roles stay", () => {
    const text =
      entry("t", "TABLE", 'CREATE TABLE t (id int);\nALTER TABLE t OWNER TO me;\nALTER TABLE u OWNER TO "some one";') +
      entry(
        "t",
        "ACL",
        "GRANT SELECT ON TABLE t TO me;\nGRANT SELECT ON TABLE t TO other WITH GRANT OPTION;\nREVOKE ALL ON TABLE t FROM me;",
      )
    expect(adapt(text)).toEqual([
      "CREATE TABLE t (id int);",
      'ALTER TABLE u OWNER TO "some one";',
      "GRANT SELECT ON TABLE t TO CURRENT_USER;",
      "GRANT SELECT ON TABLE t TO other WITH GRANT OPTION;",
      "REVOKE ALL ON TABLE t FROM CURRENT_USER;",
    ])
  })

  test("without owners, only the log keeps its own", () => {
    expect(
      adapt(entry("t", "TABLE", "ALTER TABLE t OWNER TO other;\nALTER TABLE e OWNER TO penstock_log_owner;"), true),
    ).toEqual(["ALTER TABLE e OWNER TO penstock_log_owner;"])
  })

  test("leaves out the language's extension, comments on extensions, and settings of newer servers", () => {
    const text =
      "SET transaction_timeout = 0;\nSET row_security = off;\n" +
      entry("plv8_host", "EXTENSION", "CREATE EXTENSION IF NOT EXISTS plv8_host;") +
      entry("vector", "EXTENSION", "CREATE EXTENSION IF NOT EXISTS vector;") +
      `--\n-- Name: EXTENSION vector; Type: COMMENT; Schema: -; Owner: \n--\n\nCOMMENT ON EXTENSION vector IS 'x';\n`
    expect(adapt(text)).toEqual(["SET row_security = off;", "CREATE EXTENSION IF NOT EXISTS vector;"])
  })
})
