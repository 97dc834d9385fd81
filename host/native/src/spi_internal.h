// Shared by the files behind spi.h: statements, plans, cursors, transactions.
#pragma once

#include "errors.h"
#include "limits.h"
#include "rows.h"
#include "spi.h"

namespace plv8 {

// A prepared statement: the plan and the types that were given or inferred for its parameters.
struct Plan {
  SPIPlanPtr spi = nullptr;
  Oid *types = nullptr;  // read again by the parser whenever PostgreSQL makes the plan afresh
  int count = 0;
  int busy = 0;          // running now: may not be freed
  int uses = 0;
  Runtime *runtime = nullptr;
  Global<Object> object;
};

// Keeps a plan from being freed while values are converted for it (which may run JavaScript) and while it runs.
class BusyPlan {
 public:
  explicit BusyPlan(Plan *plan) : plan_(plan) { ++plan_->busy; }
  ~BusyPlan() { --plan_->busy; }
  BusyPlan(const BusyPlan &) = delete;
  BusyPlan &operator=(const BusyPlan &) = delete;

 private:
  Plan *plan_;
};

// Runs PostgreSQL code that may take long or call back into JavaScript.
template <class Body>
ErrorData *run_postgres(Body &&body) {
  RunningPostgres running;
  return pg_try(body);
}

// Throws a PostgreSQL error that JavaScript cannot catch; true when there is none.
bool fail_with(ErrorData *error);

// Connects the outermost call to SPI, once. False after a JavaScript exception.
bool connect_spi(Frame *frame);

// The values for a statement: either one array or the arguments from `first` on.
std::vector<Local<Value>> statement_arguments(Callback info, int first, bool *ok);

// What the last SPI statement gave: rows as objects, or the number of rows it changed.
bool statement_result(int code, Local<Value> *result);

// Prepares plan->spi; types that are not given are inferred. Raises PostgreSQL errors: then forget_statement.
void prepare_plan(Plan *plan, const char *sql, const std::vector<Oid> &given);
// After an error, or once plan->spi has been freed.
void forget_statement(Plan *plan);
void free_plan(Plan *plan);
void free_dead_plans(Runtime *runtime);

// Converts values to the types of a plan's parameters. False after a JavaScript exception.
bool bind_parameters(Plan *plan, const std::vector<Local<Value>> &values, ParamListInfo *result);
bool run_plan(Frame *frame, Plan *plan, const std::vector<Local<Value>> &values, Local<Value> *result);

// The plan of `this`, fit to run. Null after a JavaScript exception.
Plan *plan_of(Callback info);

// Methods of what plv8.prepare and plan.cursor return.
void plan_cursor(Callback info);
void cursor_fetch(Callback info);
void cursor_move(Callback info);
void cursor_close(Callback info);

}  // namespace plv8
