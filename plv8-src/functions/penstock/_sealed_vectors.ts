import { sqlFunction } from "../../runtime/define.ts"
import { nobleCrypto } from "../../sealed/noble.ts"
import { publishedInputs, tracePublished } from "../../sealed/published.ts"

export default sqlFunction({
  schema: "penstock",
  name: "_sealed_vectors",
  args: { name: "text" },
  returns: "jsonb",
  volatility: "immutable",
  strict: true,
  grant: [],
  comment:
    "One published test vector of sealing by name, computed here with every intermediate, to prove that this engine agrees. Takes no key: the roots are those published in docs/sealed-vectors.json. NULL for an unknown name.",
  run: ({ name }) => {
    const input = publishedInputs.find((candidate) => candidate.name === name)
    return input === undefined ? null : tracePublished(nobleCrypto, input)
  },
})
