import { review, type StateName } from "../../memory/scheduling.ts"
import { changeSettings } from "../../memory/settings.ts"
import { sqlFunction, table } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "memory",
  name: "_review",
  args: {
    state: "text",
    stability: "float8",
    difficulty: "float8",
    next_review: "timestamptz",
    last_review: "timestamptz",
    reps: "int4",
    lapses: "int4",
    scheduled_days: "int4",
    learning_steps: "int4",
    rating: "int4",
    reviewed_at: "timestamptz",
    settings: "jsonb",
  },
  returns: table({
    new_state: "text",
    new_stability: "float8",
    new_difficulty: "float8",
    new_next_review: "timestamptz",
    new_last_review: "timestamptz",
    new_reps: "int4",
    new_lapses: "int4",
    new_scheduled_days: "int4",
    new_learning_steps: "int4",
  }),
  volatility: "immutable",
  grant: [],
  comment:
    "One step of FSRS-6: the scheduling of a memory after a review with this rating at this time. " +
    "Times count in whole milliseconds. Errors: 22023 for a rating outside 1 to 4 or a review before the last one.",
  run: (before) => {
    const after = review(
      {
        state: (before.state ?? "new") as StateName,
        stability: before.stability ?? 0,
        difficulty: before.difficulty ?? 0,
        next_review: before.next_review ?? new Date(0),
        last_review: before.last_review,
        reps: before.reps ?? 0,
        lapses: before.lapses ?? 0,
        scheduled_days: before.scheduled_days ?? 0,
        learning_steps: before.learning_steps ?? 0,
      },
      before.rating ?? 0,
      before.reviewed_at ?? new Date(0),
      changeSettings(before.settings, {}),
    )
    return {
      new_state: after.state,
      new_stability: after.stability,
      new_difficulty: after.difficulty,
      new_next_review: after.next_review,
      new_last_review: after.last_review,
      new_reps: after.reps,
      new_lapses: after.lapses,
      new_scheduled_days: after.scheduled_days,
      new_learning_steps: after.learning_steps,
    }
  },
})
