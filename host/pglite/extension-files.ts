/** The files of the extension "plv8", written into the instance's file system before it starts. */
import { assembleSideModule, entryPoints } from "./side-module.ts"

const control = `comment = 'JavaScript in the database, run by the host that runs PGlite'
default_version = '1.0'
module_pathname = '$libdir/plv8'
relocatable = false
schema = pg_catalog
superuser = true
trusted = true
`

const [callHandler, inlineHandler, validator, reset] = entryPoints

const script = `create function ${callHandler}() returns language_handler language c as 'MODULE_PATHNAME';
create function ${inlineHandler}(internal) returns void language c as 'MODULE_PATHNAME';
create function ${validator}(oid) returns void language c as 'MODULE_PATHNAME';
create trusted language plv8 handler ${callHandler} inline ${inlineHandler} validator ${validator};
comment on language plv8 is 'JavaScript, run by the V8 of the Node process around PGlite';
create domain plv8_int2array as int2[];
create domain plv8_int4array as int4[];
create domain plv8_int8array as int8[];
create domain plv8_float4array as float4[];
create domain plv8_float8array as float8[];
create function plv8_version() returns text language plv8 immutable as 'return plv8.version';
create function ${reset}() returns void language c volatile as 'MODULE_PATHNAME';
create function plv8_info() returns json language plv8 volatile as 'return plv8.memory_usage()';
`

/** The part of Emscripten's FS that is used. */
interface FileSystem {
  mkdirTree(path: string): void
  writeFile(path: string, content: string | Uint8Array): void
}

export interface EmscriptenModule {
  readonly FS: FileSystem
  readonly WASM_PREFIX: string
}

export function writeExtension({ FS, WASM_PREFIX }: EmscriptenModule): void {
  const library = `${WASM_PREFIX}/lib/postgresql`
  const extension = `${WASM_PREFIX}/share/postgresql/extension`
  FS.mkdirTree(library)
  FS.mkdirTree(extension)
  FS.writeFile(`${library}/plv8.so`, assembleSideModule())
  FS.writeFile(`${extension}/plv8.control`, control)
  FS.writeFile(`${extension}/plv8--1.0.sql`, script)
}
