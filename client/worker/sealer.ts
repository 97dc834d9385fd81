/**
 * Signs what the server shows, and only what continues what was signed before.
 *
 * A checkpoint goes to the disk of this machine first and to the server afterwards, so that no restart forgets
 * what was signed. Before it is signed, a commit that waits for the server's disk makes sure that the events
 * under it survive a crash of the server.
 */
import { canonicalText } from "../../plv8-src/signing/canonical.ts"
import { parseEvent } from "../../plv8-src/signing/event.ts"
import { bytesToHex, sameBytes } from "../../plv8-src/signing/hash.ts"
import { verifyConsistency } from "../../plv8-src/signing/merkle-proofs.ts"
import { originOf, readCheckpoint, signCheckpointBy } from "../../plv8-src/signing/note.ts"
import { SqlError } from "../../plv8-src/errors.ts"
import type { SigningKey } from "../signing/ed25519.ts"
import { CheckpointStore, type Held } from "./checkpoint-store.ts"
import { HistoryForked } from "./errors.ts"
import type { Server, TreeHead } from "./server.ts"
import type { Log, WorkerOptions } from "./types.ts"

const appendAttempts = 5

export class Sealer {
  private readonly server: Server
  private readonly token: string
  private readonly store: CheckpointStore
  private readonly options: WorkerOptions
  private readonly log: Log
  private held: Held | undefined

  constructor(server: Server, token: string, options: WorkerOptions) {
    this.server = server
    this.token = token
    this.options = options
    this.log = options.log
    this.store = new CheckpointStore(options.checkpointDirectory)
  }

  /** Id of the log, once it is linked. */
  logId = ""

  /** Compares the server with the last checkpoint that is here. Throws HistoryForked. */
  async link(): Promise<void> {
    const head = await this.readHead()
    this.logId = head.log_id
    this.requireKeysInUse(head)
    const logs = await this.store.logs()
    this.held = await this.store.last(head.log_id)
    if (this.held === undefined && logs.length > 0) {
      throw new HistoryForked("the server has another log than the one that was signed", {
        log_id: head.log_id,
        signed: logs,
      })
    }
    const accepted = await this.acceptEpoch(head)
    if (!accepted) requireSameServer(head)
    if (this.held === undefined) {
      this.log.warn(
        { step: "unanchored", log_id: head.log_id, size: head.size },
        "no earlier checkpoint is here: the history is taken as it is now",
      )
    } else {
      await this.requireContinuation(head, this.held)
      this.log.info(
        { step: "linked", log_id: head.log_id, size: head.size, held: this.held.checkpoint.size },
        "the history continues the last checkpoint",
      )
    }
  }

  /** A checkpoint over the history as it is now; nothing when it is sealed already. */
  async seal(): Promise<void> {
    const head = await this.readHead()
    requireSameServer(head)
    if (this.held !== undefined) await this.requireContinuation(head, this.held)
    if (head.size === this.held?.checkpoint.size && head.epoch === this.held.epoch) return
    // A commit after the head was read that waits for the disk: what the head covers is then there to stay.
    await this.server.value("select integrity.worker_beat($1)", [this.token])

    const note = await this.noteOf(head)
    const { size } = readCheckpoint(note)
    const path = await this.store.keep(head.log_id, head.epoch, size, note)
    this.held = await this.store.last(head.log_id)
    this.log.info({ step: "checkpoint.kept", size, epoch: head.epoch, path }, "checkpoint kept outside of the server")
    if (this.options.keys.checkpoints !== undefined) {
      await this.server.value("select integrity.worker_store_checkpoint($1, $2)", [this.token, note])
      this.log.info({ step: "checkpoint.stored", size }, "checkpoint stored in the server")
    }
  }

  /** A head signed with our key, or, without one, what the database signs with its own. */
  private async noteOf(head: TreeHead): Promise<string> {
    const key = this.options.keys.checkpoints
    if (key !== undefined) {
      const checkpoint = {
        origin: originOf(head.log_id),
        size: head.size,
        root: head.root,
        extensions: ["key=external"],
      }
      return signCheckpointBy(checkpoint, key.publicKey, key.sign)
    }
    const note = await this.server.value<string>("select integrity.checkpoint()")
    const { size, root } = readCheckpoint(note)
    if (this.held !== undefined) await this.requireContinuation({ ...head, size, root }, this.held)
    return note
  }

  /** Appends an event of the worker's own, signed here; nothing without a key. */
  async append(type: string, body: Readonly<Record<string, string | number | null>>): Promise<void> {
    const key = this.options.keys.events
    if (key === undefined) return
    for (let attempt = 1; ; attempt++) {
      try {
        await this.server.transaction(async () => {
          const bytes = new Uint8Array(
            await this.server.value<Buffer>("select integrity.worker_prepare_event($1, $2, $3)", [
              this.token,
              type,
              body,
            ]),
          )
          this.requireOwnEvent(bytes, key, type, body)
          const seq = await this.server.value<string>("select integrity.worker_append_signed($1, $2, $3)", [
            this.token,
            bytes,
            key.sign(bytes),
          ])
          this.log.info({ step: "event.signed", type, seq: Number(seq) }, "event signed")
        })
        return
      } catch (error) {
        if ((error as { code?: string }).code !== "40001" || attempt === appendAttempts) throw error
      }
    }
  }

  /** The server could offer anything for a signature: only what was asked for is signed. */
  private requireOwnEvent(bytes: Uint8Array, key: SigningKey, type: string, body: object): void {
    const event = parseEvent(bytes)
    const asked = { type, collection: null, key_id: key.id, body: canonicalText(body) }
    const offered = {
      type: event.type,
      collection: event.collection,
      key_id: event.key_id,
      body: canonicalText(event.body),
    }
    const isAhead =
      this.held === undefined ||
      (event.seq > this.held.checkpoint.size && originOf(event.log_id) === this.held.checkpoint.origin)
    if (JSON.stringify(asked) === JSON.stringify(offered) && isAhead) return
    throw new HistoryForked("the server offers other bytes for a signature than were asked for", {
      asked,
      offered,
      seq: event.seq,
    })
  }

  private async readHead(): Promise<TreeHead> {
    const head = await this.server.head()
    if (head !== undefined) return head
    // The log begins by itself, with keys of the database, unless `penstock key install` began it.
    await this.server.value("select integrity.checkpoint()")
    return (await this.server.head()) as TreeHead
  }

  private requireKeysInUse(head: TreeHead): void {
    const { events, checkpoints } = this.options.keys
    if (checkpoints === undefined && head.checkpoint_key_holder === "external") {
      throw new SqlError(
        "28000",
        "the history is signed with a key outside of the database, and no key file was given",
        {
          detail: JSON.stringify({ purpose: "checkpoints", in_use: head.checkpoint_key_id }),
          hint: "Give the key file with --key.",
        },
      )
    }
    for (const [key, id, purpose] of [
      [events, head.event_key_id, "events"],
      [checkpoints, head.checkpoint_key_id, "checkpoints"],
    ] as const) {
      if (key === undefined || key.id === id) continue
      throw new SqlError("28000", `the key for ${purpose} in the key file is not the one in use`, {
        detail: JSON.stringify({ purpose, file: key.id, in_use: id }),
        hint: "Bring it into use with: penstock key install -- or give the file that holds the key in use.",
      })
    }
  }

  private async requireContinuation(head: TreeHead, held: Held): Promise<void> {
    const { origin, size, root } = held.checkpoint
    const detail = { held: size, size: head.size, epoch: head.epoch }
    if (origin !== originOf(head.log_id)) throw new HistoryForked("the server has another log", detail)
    if (head.size < size) {
      throw new HistoryForked(`the server has ${head.size} events, ${size} were signed`, detail)
    }
    const isSame = head.size === size && sameBytes(head.root, root)
    const continues =
      isSame ||
      size === 0 ||
      (head.size > size &&
        verifyConsistency(size, head.size, root, head.root, await this.server.consistencyProof(size, head.size)))
    if (!continues) throw new HistoryForked(`the first ${size} events are not the ones that were signed`, detail)
  }

  /**
   * After a restore: an epoch that the operator names here, outside of the database, whose event names the range
   * of events that the last checkpoint had and this history lacks. The history is then linked to the last checkpoint
   * from before that range. Returns whether the server's identity is that of the epoch.
   */
  private async acceptEpoch(head: TreeHead): Promise<boolean> {
    const { acceptEpoch } = this.options
    if (acceptEpoch === undefined || this.held === undefined || this.held.epoch >= acceptEpoch) return false
    const epoch = acceptEpoch === head.epoch ? await this.server.epoch(acceptEpoch) : undefined
    if (epoch === undefined) {
      throw new SqlError("22023", `expected the epoch that the history is in, ${head.epoch}, got ${acceptEpoch}`, {
        hint: "An operator declares it with integrity.declare_epoch and looks it up in integrity.epochs.",
      })
    }
    const { size } = this.held.checkpoint
    if (size > epoch.restored_to && (size < epoch.lost_from || size > epoch.lost_to)) {
      throw new HistoryForked(`epoch ${acceptEpoch} does not name event ${size}, which was signed, as lost`, {
        ...epoch,
        held: size,
      })
    }
    this.held = await this.store.last(head.log_id, epoch.restored_to)
    this.log.warn(
      { step: "epoch.accepted", ...epoch, signed: size, linked: this.held?.checkpoint.size ?? null },
      "an epoch was accepted by the operator: events that were signed are lost",
    )
    requireSameServer(head)
    return true
  }
}

/** A restored backup or a promoted standby is another server until an operator has said so in the history. */
const requireSameServer = (head: TreeHead): void => {
  const { system_identifier, timeline, recorded_system_identifier, recorded_timeline } = head
  type Known = string | number | null
  const differs = (now: Known, then: Known) => now !== null && then !== null && String(now) !== String(then)
  if (differs(system_identifier, recorded_system_identifier) || differs(timeline, recorded_timeline)) {
    throw new HistoryForked("this is not the server that the history was written on, or it was restored or promoted", {
      system_identifier,
      timeline,
      recorded_system_identifier,
      recorded_timeline,
      root: bytesToHex(head.root),
    })
  }
}
