// Plans: prepared, bound, run, freed.
#include "spi_internal.h"

#include <algorithm>

namespace plv8 {

namespace {

// Parameter types: those given, the others inferred from their use.
void infer_parameters(ParseState *state, void *argument) {
  auto *plan = static_cast<Plan *>(argument);
  setup_parse_variable_parameters(state, &plan->types, &plan->count);
}

}  // namespace

void prepare_plan(Plan *plan, const char *sql, const std::vector<Oid> &given) {
  // Lives as long as the plan from the start: the parser enlarges it in place, and what it allocates itself is gone
  // when SPI_prepare_params returns.
  plan->types = static_cast<Oid *>(MemoryContextAllocZero(TopMemoryContext, (given.size() + 1) * sizeof(Oid)));
  std::copy(given.begin(), given.end(), plan->types);
  plan->count = static_cast<int>(given.size());
  plan->spi = SPI_prepare_params(sql, infer_parameters, plan, CURSOR_OPT_PARALLEL_OK);
  if (plan->spi == nullptr) elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
  for (int i = 0; i < plan->count; ++i) {
    if (plan->types[i] == InvalidOid || plan->types[i] == UNKNOWNOID)
      ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
                      errmsg("could not determine data type of parameter $%d", i + 1)));
  }
  SPI_keepplan(plan->spi);
}

void forget_statement(Plan *plan) {
  plan->spi = nullptr;
  if (plan->types != nullptr) pfree(plan->types);
  plan->types = nullptr;
  plan->count = 0;
}

void free_plan(Plan *plan) {
  if (plan->spi != nullptr) SPI_freeplan(plan->spi);
  forget_statement(plan);
  delete plan;
}

void free_dead_plans(Runtime *runtime) {
  for (Plan *plan : runtime->dead_plans) free_plan(plan);
  runtime->dead_plans.clear();
}

bool bind_parameters(Plan *plan, const std::vector<Local<Value>> &values, ParamListInfo *result) {
  if (values.size() != static_cast<size_t>(plan->count)) {
    throw_format(ERRCODE_INVALID_PARAMETER_VALUE, "the statement has %d parameters, got %zu values", plan->count,
                 values.size());
    return false;
  }
  *result = nullptr;
  if (plan->count == 0) return true;
  ParamListInfo list = nullptr;
  if (!fail_with(pg_try([&] { list = makeParamList(plan->count); }))) return false;
  for (int i = 0; i < plan->count; ++i) {
    ParamExternData *parameter = &list->params[i];
    parameter->pflags = PARAM_FLAG_CONST;
    parameter->ptype = plan->types[i];
    TypeInfo *type = js_type_info(parameter->ptype);
    if (type == nullptr ||
        !nullable_to_datum(type, -1, values[static_cast<size_t>(i)], &parameter->value, &parameter->isnull))
      return false;
  }
  *result = list;
  return true;
}

bool run_plan(Frame *frame, Plan *plan, const std::vector<Local<Value>> &values, Local<Value> *result) {
  BusyPlan busy(plan);
  ParamListInfo parameters = nullptr;
  if (!bind_parameters(plan, values, &parameters)) return false;
  int code = 0;
  ErrorData *error = run_postgres(
      [&] { code = SPI_execute_plan_with_paramlist(plan->spi, parameters, frame->read_only, 0); });
  return fail_with(error) && statement_result(code, result);
}

void free_plans(Runtime *runtime) {
  for (auto &entry : runtime->cached_plans) free_plan(entry.second);
  runtime->cached_plans.clear();
  for (Plan *plan : runtime->prepared_plans) {
    plan->object.Reset();
    free_plan(plan);
  }
  runtime->prepared_plans.clear();
  free_dead_plans(runtime);
}

}  // namespace plv8
