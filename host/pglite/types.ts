/** For each SQL type a pair of conversions, made at first use and kept for the session. */
import { arrayType, typedArrayDomain } from "./arrays.ts"
import type { Backend } from "./backend.ts"
import { dateType } from "./dates.ts"
import { oid as known } from "./layout.ts"
import type { Datum, Oid, Pointer } from "./postgres.ts"
import { recordType } from "./records.ts"
import type { Realm } from "./realm.ts"
import { scalarType } from "./scalars.ts"
import { refuseNul } from "./text.ts"

/** How PostgreSQL stores a type, and how to convert it. NULL never reaches the conversions. */
export interface SqlType {
  readonly oid: Oid
  /** Bytes; -1 for varlena, -2 for C strings. */
  readonly length: number
  readonly byValue: boolean
  /** Character code of the alignment: c, s, i or d. */
  readonly align: number
  readonly toJs: (datum: Datum) => unknown
  readonly toDatum: (value: unknown) => Datum
  /** Domains may refuse NULL: called for a NULL result. */
  readonly checkNull?: () => void
}

export type Storage = Pick<SqlType, "oid" | "length" | "byValue" | "align">
export type Conversion = Pick<SqlType, "toJs" | "toDatum" | "checkNull">

/** The type's own text input and output functions. */
export interface TextForm {
  readonly read: (datum: Datum) => string
  readonly write: (text: string) => Datum
}

export class Types {
  readonly backend: Backend
  readonly realm: Realm
  readonly #types = new Map<Oid, SqlType>()

  constructor(backend: Backend, realm: Realm) {
    this.backend = backend
    this.realm = realm
  }

  get(type: Oid): SqlType {
    let found = this.#types.get(type)
    if (found === undefined) {
      found = this.#make(type)
      this.#types.set(type, found)
    }
    return found
  }

  #make(type: Oid): SqlType {
    const storage = this.#storage(type)
    return { ...storage, ...this.#conversion(storage) }
  }

  #storage(type: Oid): Storage {
    const { postgres, memory, scratch } = this.backend
    postgres.get_typlenbyvalalign(type, scratch, scratch + 4, scratch + 5)
    return {
      oid: type,
      length: memory.readI16(scratch),
      byValue: memory.readU8(scratch + 4) !== 0,
      align: memory.readU8(scratch + 5),
    }
  }

  #conversion(storage: Storage): Conversion {
    const { postgres } = this.backend
    const kind = String.fromCharCode(postgres.get_typtype(storage.oid))
    if (kind === "d") return this.#domain(storage.oid)
    if (kind === "c" || storage.oid === known.record) return recordType(this, storage.oid)
    const text = this.#textForm(storage.oid)
    const element = postgres.get_element_type(storage.oid)
    if (element !== 0) return arrayType(this, this.get(element), text)
    return scalarType(this, storage.oid, text) ?? dateType(this, storage.oid, text) ?? this.#other(text)
  }

  #domain(type: Oid): Conversion {
    const { postgres } = this.backend
    const base = this.get(postgres.getBaseType(type))
    const typedArray = typedArrayDomain(this, type, base)
    return {
      toJs: typedArray ?? base.toJs,
      toDatum: (value) => {
        const datum = base.toDatum(value)
        postgres.domain_check(datum, 0, type, 0, 0)
        return datum
      },
      checkNull: () => {
        postgres.domain_check(0, 1, type, 0, 0)
      },
    }
  }

  #textForm(type: Oid): TextForm {
    const { backend } = this
    const { postgres, memory, scratch } = backend
    let input: Pointer | undefined
    let output: Pointer | undefined
    let ioParameter = 0
    return {
      read: (datum) => {
        if (output === undefined) {
          postgres.getTypeOutputInfo(type, scratch, scratch + 4)
          output = backend.lookupFunction(memory.readU32(scratch))
        }
        const address = postgres.OutputFunctionCall(output, datum)
        const value = memory.cStringAt(address)
        postgres.pfree(address)
        return value
      },
      write: (value) => {
        if (input === undefined) {
          postgres.getTypeInputInfo(type, scratch, scratch + 4)
          ioParameter = memory.readU32(scratch + 4)
          input = backend.lookupFunction(memory.readU32(scratch))
        }
        refuseNul(value)
        return postgres.InputFunctionCall(input, memory.newCString(value), ioParameter, -1)
      },
    }
  }

  /** Everything else travels as its text; an object is written as JSON, which is also how vectors look. */
  #other(text: TextForm): Conversion {
    const { realm } = this
    return {
      toJs: text.read,
      toDatum: (value) =>
        text.write(typeof value === "object" ? (realm.json(value) ?? realm.text(value)) : realm.text(value)),
    }
  }
}
