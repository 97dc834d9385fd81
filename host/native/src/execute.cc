// plv8.execute, with a cache of plans for statements that come again.
#include "spi_internal.h"

namespace plv8 {

namespace {

constexpr size_t kCachedPlans = 128;

// True for statements whose plan is worth keeping: one that reads or changes rows.
bool is_plain_statement(SPIPlanPtr plan) {
  List *sources = SPI_plan_get_plan_sources(plan);
  if (list_length(sources) != 1) return false;
  switch (static_cast<CachedPlanSource *>(linitial(sources))->commandTag) {
    case CMDTAG_SELECT:
    case CMDTAG_INSERT:
    case CMDTAG_UPDATE:
    case CMDTAG_DELETE:
    case CMDTAG_MERGE: return true;
    default: return false;
  }
}

void forget_idle_plans(Runtime *runtime) {
  for (auto entry = runtime->cached_plans.begin(); entry != runtime->cached_plans.end();) {
    if (entry->second->busy > 0) {
      ++entry;
      continue;
    }
    free_plan(entry->second);
    entry = runtime->cached_plans.erase(entry);
  }
}

// The plan of a statement of plv8.execute. Null without a JavaScript exception means: run it unprepared.
bool cached_plan(Frame *frame, const char *sql, bool has_parameters, Plan **result) {
  Runtime *runtime = frame->runtime;
  *result = nullptr;
  auto found = runtime->cached_plans.find(sql);
  if (found == runtime->cached_plans.end()) {
    if (runtime->cached_plans.size() >= kCachedPlans) forget_idle_plans(runtime);
    found = runtime->cached_plans.emplace(sql, new Plan).first;
    found->second->runtime = runtime;
  }
  Plan *plan = found->second;
  // Statements without parameters are prepared when they come a second time: they may be DDL or several.
  bool worthwhile = has_parameters || ++plan->uses == 2;
  if (plan->spi == nullptr && worthwhile) {
    // PostgreSQL keeps the address of the plan for its parser, so it is prepared in place.
    bool keep = false;
    ErrorData *error = run_postgres([&] {
      prepare_plan(plan, sql, {});
      keep = has_parameters || (plan->count == 0 && is_plain_statement(plan->spi));
      if (!keep) SPI_freeplan(plan->spi);
    });
    if (!keep) forget_statement(plan);
    if (error != nullptr) return fail_with(error);
  }
  if (plan->spi != nullptr) *result = plan;
  return true;
}

bool run_text(Frame *frame, const char *sql, Local<Value> *result) {
  int code = 0;
  return fail_with(run_postgres([&] { code = SPI_execute(sql, frame->read_only, 0); })) &&
         statement_result(code, result);
}

}  // namespace

void api_execute(Callback info) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  bool ok = true;
  Local<v8::String> text;
  if (info.Length() < 1 || !info[0]->ToString(info.GetIsolate()->GetCurrentContext()).ToLocal(&text)) {
    if (info.Length() < 1) throw_error(ERRCODE_INVALID_PARAMETER_VALUE, "plv8.execute expects SQL text");
    return;
  }
  std::vector<Local<Value>> values = statement_arguments(info, 1, &ok);
  if (!ok || !connect_spi(frame)) return;
  free_dead_plans(frame->runtime);
  ScratchMemory scratch(frame);
  if (!scratch.ok()) return;
  char *sql = string_to_server(text);
  if (sql == nullptr) return;
  Local<Value> result;
  ok = in_savepoint(frame, [&] {
    Plan *plan = nullptr;
    if (!cached_plan(frame, sql, !values.empty(), &plan)) return false;
    return plan != nullptr ? run_plan(frame, plan, values, &result) : run_text(frame, sql, &result);
  });
  if (ok) info.GetReturnValue().Set(result);
}

}  // namespace plv8
